// Writes src/api.ts from the API's OpenAPI document: the types are the server's own.
import { readFile, writeFile } from "node:fs/promises";

const [source, target] = process.argv.slice(2);
const document = JSON.parse(await readFile(source, "utf8"));

const comment = (text, indent) => (text ? `${indent}/** ${text.replaceAll("*/", "* /")} */\n` : "");

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const kinds = [schema.type].flat().filter((kind) => kind !== "null"); // Go's empty list
  switch (kinds[0]) {
    case "array":
      return schema.items.enum ? `(${typeOf(schema.items)})[]` : `${typeOf(schema.items)}[]`;
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    case "object":
      if (schema.properties) return `{\n${members(schema, "  ")}}`;
      return `Record<string, ${typeof schema.additionalProperties === "object" ? typeOf(schema.additionalProperties) : "unknown"}>`;
  }
  return "unknown";
}

function members(schema, indent) {
  return Object.entries(schema.properties ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, property]) => {
      const optional = schema.required?.includes(name) ? "" : "?";
      return `${comment(property.description, indent)}${indent}${name}${optional}: ${typeOf(property)};\n`;
    })
    .join("");
}

const activities = Object.entries(document.paths)
  .filter(([path]) => path.includes("/activities/"))
  .map(([path, item]) => ({
    name: path.split("/").at(-1),
    summary: item.post.summary,
    body: item.post.requestBody.content["application/json"].schema,
  }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

let out = "// Made by generate.mjs from the API's OpenAPI document. Do not edit.\n\n";
for (const [name, schema] of Object.entries(document.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  out += `${comment(schema.description, "")}export interface ${name} {\n${members(schema, "  ")}}\n\n`;
out += "/** The properties that each activity takes. */\nexport interface ActivityProperties {\n";
for (const { name, summary, body } of activities)
  out += `${comment(summary, "  ")}  ${name}: {\n${members(body, "    ")}  };\n`;
out += "}\n\n/** The name of an activity. */\nexport type Activity = keyof ActivityProperties;\n";
await writeFile(target, out);
