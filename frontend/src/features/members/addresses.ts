/** The addresses in a text as people paste them: `Sam <sam@example.com>; kim@example.com`; each once. */
export function addressesIn(text: string): string[] {
  const found = text.match(/[^\s,;<>()"]+@[^\s,;<>()"]+/g) ?? [];
  return [...new Set(found.map((address) => address.replace(/\.$/, "").toLowerCase()))];
}
