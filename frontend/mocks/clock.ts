/** Mock data is relative to now, so that ages and countdowns look as they would. */
export const now = Date.now();
export const minutes = (n: number): string => new Date(now - n * 60_000).toISOString();
export const hours = (n: number): string => minutes(n * 60);
export const days = (n: number): string => hours(n * 24);

/** The same numbers on each start. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** A working day's shape with noise. */
export function traffic(
  points: number,
  stepMinutes: number,
  scale: number,
  seed = 7,
): { at: string; calls: number; errors: number; blocked: number; p50: number; p95: number }[] {
  const roll = dice(seed);
  return Array.from({ length: points }, (_, index) => {
    const at = now - (points - 1 - index) * stepMinutes * 60_000;
    const hour = new Date(at).getUTCHours() + new Date(at).getUTCMinutes() / 60;
    const wave = 0.35 + 0.65 * Math.exp(-((hour - 14) ** 2) / 34);
    const calls = Math.round(scale * wave * (0.88 + roll() * 0.24));
    const surge = index > points * 0.7 && index < points * 0.78 ? 5 : 1;
    return {
      at: new Date(at).toISOString(),
      calls,
      errors: Math.round(calls * 0.021 * surge * (0.7 + roll() * 0.6)),
      blocked: Math.round(calls * 0.006 * (surge > 1 ? 14 : 1) * (0.5 + roll())),
      p50: Math.round(34 + roll() * 12),
      p95: Math.round(140 + roll() * 70 + (surge > 1 ? 180 : 0)),
    };
  });
}
