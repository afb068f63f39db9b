export interface Strength {
  /** 0 too short, 1 weak, 2 fair, 3 strong. */
  level: 0 | 1 | 2 | 3;
  sentence: string;
}

export const MIN_LENGTH = 12;

/** Judges length first: long and varied beats short and clever. The server decides. */
export function strength(password: string): Strength {
  if (password.length < MIN_LENGTH) {
    const missing = MIN_LENGTH - password.length;
    return {
      level: 0,
      sentence: password
        ? `${missing} more ${missing === 1 ? "character" : "characters"} needed`
        : `At least ${MIN_LENGTH} characters`,
    };
  }
  const different = new Set(password.toLowerCase()).size;
  if (different < 6 || /^(.{1,4})\1+$/.test(password) || /password|qwerty|123456|abcdef/i.test(password)) {
    return { level: 1, sentence: "Weak: it repeats itself or is easy to guess" };
  }
  if (password.length >= 18 || (different >= 10 && password.length >= 14))
    return { level: 3, sentence: "Strong" };
  return { level: 2, sentence: "Good; longer is stronger" };
}

/** A workspace address from an organisation's name. */
export function slugFrom(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}
