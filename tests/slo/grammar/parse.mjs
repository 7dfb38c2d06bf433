// Says which PromQL expressions, a JSON list on standard input, Prometheus 3's own grammar refuses.
import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";

const refused = JSON.parse(readFileSync(0, "utf8")).filter((text) => {
  let wrong = false;
  parser.parse(text).iterate({ enter: (node) => void (wrong ||= node.type.isError) });
  return wrong;
});
console.log(JSON.stringify(refused));
