import { csvField, toCsv } from "@/ui/table/csv";
import { describe, expect, it } from "vitest";

describe("CSV export", () => {
  it("quotes separators, quotes and line breaks", () => {
    expect(
      toCsv(
        ["a", "b"],
        [
          ["1,5", 'say "hi"'],
          ["x\ny", "z"],
        ],
      ),
    ).toBe('a,b\r\n"1,5","say ""hi"""\r\n"x\ny",z\r\n');
  });

  it("disarms text that a spreadsheet would run", () => {
    expect(csvField("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
    expect(csvField("-3")).toBe("-3");
  });
});
