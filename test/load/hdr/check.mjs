// SPDX-License-Identifier: Apache-2.0
// Reads {"hdr","count","quantiles":[[q,value]]} lines from stdin and compares them with what an independent library
// decodes; with an argument, prints a blob of that library's own for 1..N instead.
import * as hdr from "hdr-histogram-js";
import { createInterface } from "node:readline";

if (process.argv[2]) {
  const histogram = hdr.build({ bitBucketSize: 64, lowestDiscernibleValue: 1, highestTrackableValue: 3600000000000,
    numberOfSignificantValueDigits: 3, autoResize: false });
  for (let value = 1; value <= Number(process.argv[2]); value++) histogram.recordValue(value * 1000);
  console.log(hdr.encodeIntoCompressedBase64(histogram));
  process.exit(0);
}
let failures = 0, lines = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const expected = JSON.parse(line);
  const histogram = hdr.decodeFromCompressedBase64(expected.hdr);
  lines++;
  if (histogram.totalCount !== expected.count) {
    console.error(`count ${histogram.totalCount} instead of ${expected.count}`);
    failures++;
  }
  for (const [q, value] of expected.quantiles) {
    const theirs = histogram.getValueAtPercentile(q * 100);
    if (theirs !== value) {
      console.error(`quantile ${q}: ${theirs} instead of ${value}`);
      failures++;
    }
  }
}
console.log(`${lines} histograms`);
process.exit(failures || lines === 0 ? 1 : 0);
