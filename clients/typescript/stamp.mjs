// Writes down which reference the types were made from, so that a test sees without npm when they are old.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const digest = createHash("sha256").update(readFileSync("../../docs/openapi.json")).digest("hex");
const types = readFileSync("src/schema.ts", "utf8");
writeFileSync("src/schema.ts", `// Of docs/openapi.json with sha256 ${digest}; \`make clients\` makes it anew.\n${types}`);
