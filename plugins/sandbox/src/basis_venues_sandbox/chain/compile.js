// The Solidity compiler itself, without the package's wrapper and what that depends on: standard JSON from stdin to stdout.
const solc = require(process.argv[2]);
const compile = solc.cwrap("solidity_compile", "string", ["string", "number", "number"]);
const chunks = [];
process.stdin.on("data", chunk => chunks.push(chunk));
process.stdin.on("end", () => process.stdout.write(compile(Buffer.concat(chunks).toString("utf8"), 0, 0)));
