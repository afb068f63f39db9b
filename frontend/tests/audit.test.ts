import { changes } from "@/features/audit/Diff";
import { expect, it } from "vitest";

it("lists only what differs, with absent values apart from empty ones", () => {
  expect(changes({ a: 1, b: "x", c: null }, { a: 1, b: "", d: [1] })).toEqual([
    { key: "b", before: "x", after: "" },
    { key: "c", before: "null", after: null },
    { key: "d", before: null, after: "[\n 1\n]" },
  ]);
});
