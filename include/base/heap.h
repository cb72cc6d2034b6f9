/* heap.h - an intrusive binary min-heap by an int64 key (due times). Not thread-safe. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t key;
    size_t index; /* 1-based place in the heap; 0 = not in a heap */
};
struct heap {
    struct heap_node **nodes;
    size_t n, capacity;
};

void heap_init(struct heap *heap);
void heap_free(struct heap *heap); /* the nodes belong to their owners */
/* The node's key is set before; it must not be in a heap. */
void heap_push(struct heap *heap, struct heap_node *node);
/* Smallest key, or NULL; stays in the heap. */
struct heap_node *heap_peek(const struct heap *heap);
struct heap_node *heap_pop(struct heap *heap);
/* Harmless when the node is in no heap. */
void heap_remove(struct heap *heap, struct heap_node *node);
