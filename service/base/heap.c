/* heap.c - a binary min-heap whose nodes know their place, so that any of them can leave. Happy
 * path: push, pop. Failure modes: none but a bug (pushing a node twice aborts). Equal keys come out
 * in no promised order. */
/* Base. */
#include "base/heap.h"
#include "base/mem.h"
#include "base/result.h"

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_free(struct heap *heap)
{
    mem_free(heap->nodes);
    heap_init(heap);
}

static void put(struct heap *heap, size_t index, struct heap_node *node)
{
    heap->nodes[index - 1] = node;
    node->index = index;
}

static void sift_up(struct heap *heap, size_t index, struct heap_node *node)
{
    while (index > 1 && heap->nodes[index / 2 - 1]->key > node->key) {
        put(heap, index, heap->nodes[index / 2 - 1]);
        index /= 2;
    }
    put(heap, index, node);
}

static void sift_down(struct heap *heap, size_t index, struct heap_node *node)
{
    for (size_t child; (child = index * 2) <= heap->n; index = child) {
        if (child < heap->n && heap->nodes[child]->key < heap->nodes[child - 1]->key)
            child++;
        if (heap->nodes[child - 1]->key >= node->key)
            break;
        put(heap, index, heap->nodes[child - 1]);
    }
    put(heap, index, node);
}

void heap_push(struct heap *heap, struct heap_node *node)
{
    require(node->index == 0);
    if (heap->n == heap->capacity) {
        heap->capacity = heap->capacity > 0 ? heap->capacity * 2 : 16;
        heap->nodes = mem_resize(heap->nodes, heap->capacity, sizeof(struct heap_node *));
    }
    heap->n++;
    sift_up(heap, heap->n, node);
}

struct heap_node *heap_peek(const struct heap *heap)
{
    return heap->n > 0 ? heap->nodes[0] : NULL;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    size_t index = node->index;
    if (index == 0)
        return;
    require(index <= heap->n && heap->nodes[index - 1] == node);
    struct heap_node *last = heap->nodes[--heap->n];
    node->index = 0;
    if (last == node)
        return;
    if (index > 1 && heap->nodes[index / 2 - 1]->key > last->key)
        sift_up(heap, index, last);
    else
        sift_down(heap, index, last);
}

struct heap_node *heap_pop(struct heap *heap)
{
    struct heap_node *node = heap_peek(heap);
    if (node != NULL)
        heap_remove(heap, node);
    return node;
}
