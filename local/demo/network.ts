import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The network between the agents and the remote broker: a port that leads to another one, until it is cut. */
export interface Network {
  readonly port: number;
  /** Resets all connections, and every new one, until `mend`. */
  cut(): void;
  mend(): void;
  /** Ends all connections and closes the port. */
  close(): Promise<void>;
}

/** Opens a port on loopback that leads to `target`; `preferred` when nobody else has it. */
export async function openNetwork(target: number, preferred: number): Promise<Network> {
  const sockets = new Set<Socket>();
  let whole = true;

  const follow = (socket: Socket, partner: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      partner.destroy();
    });
    socket.pipe(partner);
  };
  const server = createServer((near) => {
    if (!whole) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    follow(near, far);
    follow(far, near);
  });
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  const port = await listen(preferred).catch(() => listen(0));
  const breakAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port,
    cut() {
      whole = false;
      breakAll();
    },
    mend() {
      whole = true;
    },
    async close() {
      whole = false;
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      breakAll();
      await closed;
    },
  };
}
