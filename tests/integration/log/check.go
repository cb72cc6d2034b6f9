// check.go - the log seen by others' code: golang.org/x/mod's sumdb/note and sumdb/tlog.
//
//	check URL VKEY TOKEN SMALLER RECEIPT...
//
// Opens the checkpoint, authenticates every tile, proves every entry and the growth from each smaller size, and checks
// the proofs that the API itself gives of growth and of the named receipts.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var base, token string

func get(path string) []byte {
	request, err := http.NewRequest("GET", base+path, nil)
	must(err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != 200 {
		log.Fatalf("%s: %d %s", path, answer.StatusCode, body)
	}
	return body
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// name writes an index as C2SP's tlog-tiles does.
func name(n int64, width int) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	if width < 256 {
		text += fmt.Sprintf(".p/%d", width)
	}
	return text
}

type tiles struct{ read int }

func (t *tiles) Height() int { return 8 }
func (t *tiles) ReadTiles(list []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range list {
		data = append(data, get(fmt.Sprintf("/log/tile/%d/%s", tile.L, name(tile.N, tile.W))))
		t.read++
	}
	return data, nil
}
func (t *tiles) SaveTiles(list []tlog.Tile, data [][]byte) {}

func open(vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(get("/log/checkpoint"), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() || len(opened.Sigs) != 1 { // of keys that we know; others stand beside
		log.Fatalf("origin %q, %d signatures", lines[0], len(opened.Sigs))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func hashes(list []string) (proof []tlog.Hash) {
	for _, text := range list {
		hash, err := tlog.ParseHash(text)
		must(err)
		proof = append(proof, hash)
	}
	return proof
}

func entries(tree tlog.Tree, each func(index int64, entry []byte)) {
	for index := int64(0); index < tree.N; {
		width := tree.N - index
		if width > 256 {
			width = 256
		}
		bundle := get("/log/tile/entries/" + name(index/256, int(width)))
		for ; len(bundle) > 0; index++ {
			length := int(binary.BigEndian.Uint16(bundle))
			each(index, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
}

func checkReceipt(id string, tree tlog.Tree) {
	var proof struct {
		Leaf, Root string
		Index, Size int64
		Hashes      []string
	}
	must(json.Unmarshal(get("/v1/receipts/"+id+"/proof"), &proof))
	root, err := tlog.ParseHash(proof.Root)
	must(err)
	if proof.Size == tree.N && root != tree.Hash {
		log.Fatal("two roots of one size")
	}
	must(tlog.CheckRecord(hashes(proof.Hashes), proof.Size, root, proof.Index, tlog.RecordHash([]byte(proof.Leaf))))
}

func main() {
	log.SetFlags(0)
	base, token = os.Args[1], os.Args[3]
	smaller, err := strconv.ParseInt(os.Args[4], 10, 64)
	must(err)
	tree := open(os.Args[2])
	reader := &tiles{}
	authentic := tlog.TileHashReader(tree, reader)
	entries(tree, func(index int64, entry []byte) {
		proof, err := tlog.ProveRecord(tree.N, index, authentic)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
	})
	for size := smaller; size <= tree.N; size += 1 + tree.N/16 {
		old, err := tlog.TreeHash(size, authentic)
		must(err)
		proof, err := tlog.ProveTree(tree.N, size, authentic)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, size, old))
		var ours struct{ Hashes []string }
		must(json.Unmarshal(get(fmt.Sprintf("/v1/log/consistency?from=%d&to=%d", size, tree.N)), &ours))
		must(tlog.CheckTree(hashes(ours.Hashes), tree.N, tree.Hash, size, old))
	}
	for _, id := range os.Args[5:] {
		checkReceipt(id, tree)
	}
	fmt.Println(tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:]), reader.read)
}
