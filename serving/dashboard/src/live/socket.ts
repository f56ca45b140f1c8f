import type { ClientMessage, ServerMessage } from "../generated/messages";
import type { Connection } from "../state";

/** Waits between attempts to connect, ms; the last one repeats. */
export const WAITS = [500, 1000, 2000, 4000, 8000, 15_000] as const;

export function waitBefore(attempt: number): number {
  return WAITS[Math.min(attempt, WAITS.length - 1)] ?? 15_000;
}

interface Listener {
  onMessage: (message: ServerMessage) => void;
  onConnection: (connection: Connection) => void;
}

/** The WebSocket of the page. It comes back by itself until `close`. */
export class LiveSocket {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly address: string,
    private readonly listener: Listener,
  ) {
    this.open();
  }

  private open(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.listener.onConnection("open");
    };
    socket.onmessage = (event: MessageEvent<string>) =>
      this.listener.onMessage(JSON.parse(event.data) as ServerMessage);
    socket.onclose = () => this.again();
  }

  private again(): void {
    if (this.closed) return;
    this.listener.onConnection("lost");
    this.timer = setTimeout(() => this.open(), waitBefore(this.attempt));
    this.attempt += 1;
  }

  /** Sends a message; false when there is no connection to send it on. */
  send(message: ClientMessage): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}

/** `ws(s)://…/ws?role=page` on the page's own origin. */
export function pageSocketAddress(location: { protocol: string; host: string }): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws?role=page`;
}
