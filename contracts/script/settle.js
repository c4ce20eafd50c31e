// Deploys the contracts to a chain of anvil's, settles three batches with a proof that zomma made, and then tries what must not work.
//
//     node contracts/script/settle.js
//
// The proof is the one of `test/fixtures/fold.json`. Needs `cargo xtask setup`, and `forge build` before it.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

const root = path.join(__dirname, '../..');
const tools = path.join(root, '.tools/npm/node_modules');
const { ethers } = require(path.join(tools, 'ethers'));
const anvil = path.join(tools, '@foundry-rs/anvil-linux-amd64/bin/anvil');
const fixture = JSON.parse(fs.readFileSync(path.join(__dirname, '../test/fixtures/fold.json')));

const PORT = 8547;
// Prices of the batches are of this time.
const NOW = 1_800_000_000;
// The batches are for what anvil's first account deploys with this nonce.
const NONCE = 4;
const FIELD_MODULUS = BigInt('0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001');
const OLD_ROOT = 12;
const NEW_ROOT = 13;
const KEYS = 16;

function artefact(file, name) {
    return JSON.parse(fs.readFileSync(path.join(root, `out/forge/${file}.sol/${name}.json`)));
}

async function deploy(signer, abi, code, ...args) {
    const contract = await new ethers.ContractFactory(abi, code, signer).deploy(...args);
    const receipt = await contract.deployTransaction.wait();
    return { contract, gas: receipt.gasUsed.toNumber() };
}

async function main(provider) {
    const [first, second] = [provider.getSigner(0), provider.getSigner(1)];
    const { instances, proof } = fixture;
    const contexts = [];
    for (let i = 0; i < fixture.contexts.length; i += 13) contexts.push(fixture.contexts.slice(i, i + 13));
    const payments = contexts.map(() => []);

    let generated;
    for (const code of fixture.code.slice().reverse()) {
        const abi = generated ? ['constructor(address)'] : [];
        const made = await deploy(second, abi, code, ...(generated ? [generated] : []));
        generated = made.contract.address;
        console.log(`generated verifier, a part of it  ${made.gas} gas`);
    }
    const front = artefact('FoldVerifier', 'FoldVerifier');
    const limit = 1_500_000;
    const verifier = await deploy(second, front.abi, front.bytecode.object, generated, (proof.length - 2) / 2, limit);
    console.log(`its strict front                  ${verifier.gas} gas`);
    const coin = artefact('Doubles', 'Token');
    const token = await deploy(second, coin.abi, coin.bytecode.object);
    const { abi, bytecode } = artefact('Settlement', 'Settlement');
    await provider.send('anvil_setNonce', [await first.getAddress(), ethers.utils.hexValue(NONCE)]);
    const setup = {
        token: token.contract.address,
        unitsPerToken: 1,
        genesisRoot: instances[OLD_ROOT],
        genesisSequence: 0,
        paramsHash: 0xfeed,
        accounts: 1 << 24,
        maxAge: 3600,
        maxAhead: 60,
        forcedDeadline: 86_400,
        forcedFee: 0,
        verifier: verifier.contract.address,
        keys: instances[KEYS],
        upgradeDelay: 14 * 86_400,
    };
    const settlement = await deploy(first, abi, bytecode.object, setup);
    console.log(`settlement                        ${settlement.gas} gas`);

    // What must not work, each for its reason.
    const changed = (index, value) => instances.map((word, i) => (i === index ? value : word));
    const flipped = proof.slice(0, 100) + (proof[100] === '0' ? '1' : '0') + proof.slice(101);
    const shifted = '0x' + (BigInt(instances[OLD_ROOT]) + FIELD_MODULUS).toString(16);
    const forged = '0x' + (BigInt(instances[NEW_ROOT]) ^ 1n).toString(16);
    const attempts = [
        ['a byte of the proof', 'ProofRejected', [instances, flipped, contexts, payments]],
        ['a byte behind the proof', 'ProofLength', [instances, proof + '00', contexts, payments]],
        ['another new root', 'ProofRejected', [changed(NEW_ROOT, forged), proof, contexts, payments]],
        ['the old root plus r', 'WrongOldRoot', [changed(OLD_ROOT, shifted), proof, contexts, payments]],
        ['other keys', 'WrongKeys', [changed(KEYS, '0x01'), proof, contexts, payments]],
        ['batches out of order', 'WrongSequence', [instances, proof, contexts.slice().reverse(), payments]],
        ['a batch left out', 'WrongBatches', [instances, proof, contexts.slice(1), payments.slice(1)]],
    ];
    const errors = new ethers.utils.Interface([...abi, ...front.abi].filter((entry) => entry.type === 'error'));
    const refused = async (name, reason, args) => {
        const data = settlement.contract.interface.encodeFunctionData('settle', args);
        const answer = await fetch(`http://127.0.0.1:${PORT}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
                jsonrpc: '2.0',
                id: 1,
                method: 'eth_call',
                params: [{ to: settlement.contract.address, data }, 'latest'],
            }),
        });
        const { error } = await answer.json();
        const found = error && error.data ? errors.parseError(error.data).name : 'accepted';
        if (found !== reason) throw new Error(`${name}: expected ${reason}, found ${found}`);
        console.log(`refused: ${name} (${reason})`);
    };
    for (const [name, reason, args] of attempts) await refused(name, reason, args);

    const transaction = await settlement.contract.settle(instances, proof, contexts, payments);
    const receipt = await transaction.wait();
    const state = await settlement.contract.stateRoot();
    if (state.toHexString() !== ethers.BigNumber.from(instances[NEW_ROOT]).toHexString()) {
        throw new Error('the state root has not advanced');
    }
    console.log(`settled: three batches, ${receipt.gasUsed} gas, ${(transaction.data.length - 2) / 2} bytes of calldata`);
    await refused('the same batches again', 'WrongOldRoot', [instances, proof, contexts, payments]);
}

const chain = spawn(anvil, ['--port', String(PORT), '--timestamp', String(NOW), '--silent'], { stdio: 'inherit' });
(async () => {
    const provider = new ethers.providers.JsonRpcProvider(`http://127.0.0.1:${PORT}`, 31_337);
    for (let tries = 0; ; ++tries) {
        try {
            await provider.send('web3_clientVersion', []);
            break;
        } catch (error) {
            if (tries === 50) throw error;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }
    await main(provider);
})()
    .catch((error) => {
        console.error(`error: ${error.message}`);
        process.exitCode = 1;
    })
    .finally(() => chain.kill());
