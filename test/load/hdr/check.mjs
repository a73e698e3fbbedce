// SPDX-License-Identifier: Apache-2.0
// Reads {"hdr","count","quantiles":[[q,value]]} lines from stdin and compares them with what an independent library
// decodes; with an argument, prints a blob of that library's own for 1..N instead.
import * as hdr from "hdr-histogram-js";
import { createInterface } from "node:readline";
import { deflateSync, inflateSync } from "node:zlib";

if (process.argv[2]) {
  const histogram = hdr.build({ bitBucketSize: 64, lowestDiscernibleValue: 1, highestTrackableValue: 3600000000000,
    numberOfSignificantValueDigits: 3, autoResize: false });
  for (let value = 1; value <= Number(process.argv[2]); value++) histogram.recordValue(value * 1000);
  // The library writes the integer 1 as normalizing offset and as ratio, where the format has 0 and the double 1.0.
  const payload = inflateSync(Buffer.from(hdr.encodeIntoCompressedBase64(histogram), "base64").subarray(8));
  payload.writeInt32BE(0, 8);
  payload.writeDoubleBE(1, 32);
  const deflated = deflateSync(payload), head = Buffer.alloc(8);
  head.writeUInt32BE(0x1c849314, 0);
  head.writeUInt32BE(deflated.length, 4);
  console.log(Buffer.concat([head, deflated]).toString("base64"));
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
