// A front for solc-js that answers as the native compiler does, as far as forge and zomma ask:
//   --version                the version
//   --standard-json [FILE]   JSON in, JSON out
//   --bin -                  Solidity on standard input; the creation code of its last contract, unoptimised, in hex
// The first argument names the npm package of the compiler. Packages are looked for in ZOMMA_NODE_MODULES, else where
// `cargo xtask setup` puts them.
'use strict';
const fs = require('fs');
const path = require('path');

const [compiler, ...args] = process.argv.slice(2);
const modules = process.env.ZOMMA_NODE_MODULES || path.join(__dirname, '../../.tools/npm/node_modules');
const folder = path.join(modules, compiler);
if (!fs.existsSync(folder)) {
    console.error(`${folder} does not exist: run \`cargo xtask setup\``);
    process.exit(1);
}
const solc = require(folder);

function readSources(names, base) {
    return {
        import: (name) => {
            const candidates = [name, path.join(base, name)].filter((file) => fs.existsSync(file));
            if (candidates.length === 0) return { error: `${name} not found` };
            return { contents: fs.readFileSync(candidates[0], 'utf8') };
        },
    };
}

function standardJson() {
    const file = args.find((arg) => !arg.startsWith('-') && fs.existsSync(arg) && fs.statSync(arg).isFile());
    const basePath = args.indexOf('--base-path');
    const base = basePath >= 0 ? args[basePath + 1] : process.cwd();
    process.stdout.write(solc.compile(fs.readFileSync(file || 0, 'utf8'), readSources(args, base)));
}

function creationCode() {
    const input = {
        language: 'Solidity',
        sources: { 'stdin.sol': { content: fs.readFileSync(0, 'utf8') } },
        settings: {
            optimizer: { enabled: false },
            metadata: { appendCBOR: false },
            evmVersion: 'cancun',
            outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
        },
    };
    const output = JSON.parse(solc.compile(JSON.stringify(input)));
    const errors = (output.errors || []).filter((error) => error.severity === 'error');
    if (errors.length > 0) {
        errors.forEach((error) => console.error(error.formattedMessage));
        process.exit(1);
    }
    const contracts = Object.values(output.contracts['stdin.sol']);
    process.stdout.write(contracts[contracts.length - 1].evm.bytecode.object + '\n');
}

if (args.includes('--version')) {
    const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
    console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`);
} else if (args.includes('--standard-json')) {
    standardJson();
} else if (args.includes('--bin')) {
    creationCode();
} else {
    console.error('only --version, --standard-json and --bin are understood');
    process.exit(1);
}
