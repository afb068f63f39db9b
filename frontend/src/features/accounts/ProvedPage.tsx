import { useEffect } from "react";
import { PROVED } from "@/app/proved";
import { FrontCard } from "./FrontCard";

/** Where an identity provider leads back to after it asked who it is once more: the other tab goes on by itself. */
export default function ProvedPage() {
  useEffect(() => {
    const channel = new BroadcastChannel(PROVED);
    channel.postMessage("proved");
    channel.close();
    window.close();
  }, []);
  return (
    <FrontCard title="Thank you">
      <p className="soft" style={{ margin: 0 }}>
        You can close this tab. What you were about to do goes on in the other one.
      </p>
    </FrontCard>
  );
}
