import { ago, compact, duration, percent, words } from "@/ui/format";
import { describe, expect, it } from "vitest";

describe("numbers as people read them", () => {
  it("never rounds a real share down to nothing", () => {
    expect(percent(0)).toBe("0 %");
    expect(percent(0.00001)).toBe("< 0.01 %");
    expect(percent(0.000786)).toBe("0.08 %");
    expect(percent(0.0733)).toBe("7.3 %");
    expect(percent(0.96)).toBe("96 %");
  });

  it("shows small counts in full and large ones short", () => {
    expect(compact(9_771)).toBe("9,771");
    expect(compact(412_330)).toBe("412.3k");
  });

  it("gives durations in at most two units", () => {
    expect(duration(0)).toBe("0 s");
    expect(duration(71)).toBe("1 min 11 s");
    expect(duration(86_400)).toBe("1 d");
    expect(duration(80_100)).toBe("22 h 15 min");
  });

  it("tells past from future", () => {
    const now = Date.parse("2026-11-24T12:00:00Z");
    expect(ago("2026-11-24T11:46:00Z", now)).toBe("14 min ago");
    expect(ago("2026-11-24T12:30:00Z", now)).toBe("in 30 min");
  });

  it("spells keys as words and keeps acronyms", () => {
    expect(words("risk_accepted")).toBe("Risk accepted");
    expect(words("api_key")).toBe("API key");
    expect(words("iban")).toBe("IBAN");
  });
});
