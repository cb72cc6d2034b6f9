// sigstore.mjs - the log seen by others' code: @sigstore/verify and @sigstore/core from npm.
//
//   node sigstore.mjs FOLDER URL VKEY TOKEN RECEIPT...
//
// FOLDER holds node_modules. @sigstore/verify's public Verifier wants Sigstore's own bundles and a TUF root; what checks
// a tree in it are the functions behind it, `verifyMerkleInclusion` and `verifyCheckpoint` (dist/tlog), called here as
// Verifier calls them: with an entry that holds leaf, index, hashes, root and the checkpoint's envelope, and the log's key.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const [folder, url, vkey, token, ...receipts] = process.argv.slice(2)
const require = createRequire(path.join(folder, 'here.js'))
const inside = path.dirname(require.resolve('@sigstore/verify'))
const { verifyMerkleInclusion } = require(path.join(inside, 'tlog/merkle.js'))
const { verifyCheckpoint } = require(path.join(inside, 'tlog/checkpoint.js'))
const core = require('@sigstore/core')

async function get(at) {
  const answer = await fetch(url + at, { headers: { Authorization: 'Bearer ' + token } })
  if (!answer.ok) throw new Error(`${at}: ${answer.status}`)
  return answer
}

const [name, id, ...rest] = vkey.split('+')
const key = rest.join('+') // base64 has plus signs of its own
const raw = Buffer.from(key, 'base64').subarray(1)
const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
const publicKey = core.crypto.createPublicKey(der)
// Sigstore's logs are found by the first four bytes of their id, which is what stands in the note.
const logs = [{ logID: Buffer.from(id, 'hex'), publicKey, validFor: { start: new Date(0), end: new Date(8.64e15) }, baseURL: 'https://' + name }]

function throws(work) {
  try { work() } catch { return true }
  return false
}

let checked = 0
for (const receipt of receipts) {
  const proof = await (await get(`/v1/receipts/${receipt}/proof`)).json()
  const entry = {
    canonicalizedBody: Buffer.from(proof.leaf),
    logId: { keyId: Buffer.from(id, 'hex') },
    integratedTime: String(Math.floor(Date.now() / 1000)),
    inclusionProof: {
      logIndex: String(proof.index), treeSize: String(proof.size), rootHash: Buffer.from(proof.root, 'base64'),
      hashes: proof.hashes.map((hash) => Buffer.from(hash, 'base64')), checkpoint: { envelope: proof.checkpoint },
    },
  }
  const tree = { checkpoint: { logSize: BigInt(proof.size), logHash: Buffer.from(proof.root, 'base64') } }
  const found = verifyCheckpoint(entry, logs)
  const root = found?.logHash ?? entry.inclusionProof.rootHash
  if (Buffer.compare(Buffer.from(root), Buffer.from(proof.root, 'base64'))) throw new Error('the checkpoint has another root')
  verifyMerkleInclusion(entry, found ?? tree.checkpoint)
  // What is wrong is refused.
  const wrong = { ...entry, canonicalizedBody: Buffer.from(proof.leaf + ' ') }
  if (!throws(() => verifyMerkleInclusion(wrong, found ?? tree.checkpoint))) throw new Error('another leaf is accepted')
  const forged = structuredClone(proof.checkpoint).replace(/^(.*\n)(\d+)/, (_, first, size) => first + (Number(size) + 1))
  const lie = { ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: { envelope: forged } } }
  if (!throws(() => verifyCheckpoint(lie, logs))) throw new Error('a forged checkpoint is accepted')
  checked++
}
console.log(`${checked} receipts by @sigstore/verify ${JSON.parse(readFileSync(path.join(inside, '../package.json'))).version}`)
