// Prints the vectors of circomlibjs.json: what circomlibjs 0.1.7 computes for fixed inputs.
//
//     npm install --prefix ../../.tools/npm circomlibjs@0.1.7
//     NODE_PATH=../../.tools/npm/node_modules node circomlibjs.mjs > circomlibjs.json
//
// With `verify` it reads signatures (JSON array of {ax, ay, r8x, r8y, s, message}, decimals) from standard input and prints
// circomlibjs's verdicts as a JSON array of booleans.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const load = createRequire(import.meta.url);
const createBlakeHash = load("blake-hash");
const { buildBabyjub, buildEddsa, buildPoseidonReference } = load("circomlibjs");

const poseidon = await buildPoseidonReference();
const eddsa = await buildEddsa();
const curve = await buildBabyjub();
const F = curve.F;
const text = (element) => F.toString(element, 10);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const point = ([x, y]) => [text(x), text(y)];

// A fixed stream of field elements: 7^(3^i).
let seed = F.e(7);
const next = () => (seed = F.mul(F.square(seed), seed));

function permute(state) {
  return poseidon([state[1], state[2]], state[0], 3);
}

function chain(tag, words) {
  let digest = F.e(tag);
  for (let i = 0; i < words.length; i += 2) digest = poseidon([words[i], words[i + 1] ?? F.zero], digest);
  return digest;
}

function vectors() {
  const permutations = Array.from({ length: 4 }, () => {
    const input = [next(), next(), next()];
    return { input: input.map(text), output: permute(input).map(text) };
  });
  permutations.push({ input: ["0", "0", "0"], output: permute([F.zero, F.zero, F.zero]).map(text) });
  const hash2 = [[F.e(1), F.e(2)], [F.zero, F.zero], [F.e(-1), F.e(-1)], [next(), next()]].map((inputs) => ({
    inputs: inputs.map(text),
    output: text(poseidon(inputs)),
  }));
  const hash5 = [[1, 2, 3, 4, 5].map((i) => F.e(i)), Array.from({ length: 5 }, next)].map((inputs) => ({
    inputs: inputs.map(text),
    output: text(poseidon(inputs)),
  }));
  const tag = "zomma.test";
  const number = BigInt("0x" + hex(Buffer.from(tag)));
  const chains = [0, 1, 2, 3, 4, 7, 12].map((length) => {
    const inputs = Array.from({ length }, next);
    return { inputs: inputs.map(text), output: text(chain(number, inputs)) };
  });

  const signatures = Array.from({ length: 6 }, (_, i) => {
    const key = Uint8Array.from({ length: 32 }, (_, j) => (i * 83 + j * 29 + i * j * 7) & 255);
    const message = i === 0 ? F.zero : i === 1 ? F.e(-1) : next();
    const publicKey = eddsa.prv2pub(key);
    const signature = eddsa.signPoseidon(key, message);
    if (!eddsa.verifyPoseidon(message, signature, publicKey)) throw new Error("own signature rejected");
    return {
      seed: hex(key),
      public_key: point(publicKey),
      packed_key: hex(curve.packPoint(publicKey)),
      message: text(message),
      r8: point(signature.R8),
      s: signature.S.toString(),
      packed_signature: hex(eddsa.packSignature(signature)),
    };
  });
  const multiples = ["0", "1", "2", "8", "1234567890123456789", curve.subOrder.toString(), (curve.subOrder - 1n).toString()].map(
    (scalar) => ({
      scalar,
      base8: point(curve.mulPointEscalar(curve.Base8, BigInt(scalar))),
      generator: point(curve.mulPointEscalar(curve.Generator, BigInt(scalar))),
    }),
  );
  // The message of n bytes is 0, 7, 14, ... modulo 256; lengths around the padding's borders.
  const blake512 = [0, 1, 64, 110, 111, 112, 113, 127, 128, 129, 239, 240, 300].map((length) => {
    const message = Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 255));
    return { length, digest: createBlakeHash("blake512").update(message).digest("hex") };
  });
  return {
    origin: "circomlibjs 0.1.7 (npm), gadgets/oracles/circomlibjs.mjs",
    permutations,
    hash2,
    hash5,
    tag,
    chains,
    blake512,
    multiples,
    signatures,
  };
}

function verdicts() {
  return JSON.parse(readFileSync(0, "utf8")).map(({ ax, ay, r8x, r8y, s, message }) =>
    eddsa.verifyPoseidon(F.e(message), { R8: [F.e(r8x), F.e(r8y)], S: BigInt(s) }, [F.e(ax), F.e(ay)]),
  );
}

console.log(JSON.stringify(process.argv[2] === "verify" ? verdicts() : vectors(), null, 1));
process.exit(0);
