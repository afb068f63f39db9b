export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#5b51c6" />
      <path
        d="M7 24V14a9 9 0 0 1 18 0v10M12 8v18M16 6v22M20 8v18M7 15h18M7 20.500h18"
        fill="none"
        stroke="#fff"
        strokeWidth="1.9"
        strokeLinecap="round"
      />
    </svg>
  );
}
