/** Inside a fact: narrows the list to what shares it. */
export function Only({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button type="button" className="textbutton muted" onClick={onClick}>
      {label}
    </button>
  );
}
