import { outboundClient } from '#delivery';
import {
  CosignedHead,
  newestCheckpoints,
  parseVkey,
  signCheckpoint,
  type CheckpointFolder,
  type Checkpointer,
  type MerkleTree,
  type NoteSigner,
} from '#transparency';
import type { WitnessSetting } from '../config/witnesses.ts';
import { followSurely, type Follower } from './follow.ts';
import { knownWitnesses } from './witness-client.ts';
import { Witnesses, type WitnessStatus } from './witnesses.ts';

/** Who is asked to cosign and how often, in milliseconds. */
export interface WitnessOptions {
  readonly settings: readonly WitnessSetting[];
  readonly everyMs: number;
  readonly silentMs: number;
}

/** The hub's side of its witnesses. */
export interface OpenedWitnesses {
  readonly cosigned: CosignedHead;
  /** Refuses (`RollbackDetected`) where a witness holds more than the log, or other events. */
  checkAtStart(): Promise<void>;
  /** Asks from now on, beside everything else. */
  follow(latest: Checkpointer['latest']): readonly Follower[];
  /** The head that outsiders are shown. */
  show(latest: Checkpointer['latest']): () => string | undefined;
  readonly status: () => WitnessStatus;
}

/** A start waits no longer than this for each witness, in milliseconds; all are asked at once. */
const ANSWER_WITHIN = 5_000;

/** Opens what was cosigned and makes the way to the witnesses; asks nobody yet. */
export function openWitnesses(
  parts: Partial<WitnessOptions> & {
    readonly tree: MerkleTree;
    readonly signer: NoteSigner;
    readonly folder: CheckpointFolder;
    readonly alarm: (what: string, error: unknown) => void;
  },
): OpenedWitnesses {
  const { tree, signer, folder, alarm, settings = [], everyMs = 10_000, silentMs = 900_000 } = parts;
  const witnesses = knownWitnesses(settings);
  const log = parseVkey(signer.vkey);
  const keys = witnesses.map(({ key }) => key);
  const cosigned = new CosignedHead(folder, log, keys);
  const now = (): number => performance.now();
  let head: Checkpointer['latest'] = () => undefined;
  const rounds = new Witnesses({
    witnesses,
    send: outboundClient(settings, { timeoutMs: ANSWER_WITHIN }),
    signer,
    latest: () => head(),
    prove: (from, to) => tree.consistencyProof(Number(from), Number(to)),
    cosigned,
    everyMs,
    silentMs,
    now,
    alarm,
  });
  return {
    cosigned,
    async checkAtStart() {
      const [newest] = newestCheckpoints([folder], [log]).toSorted((a, b) => Number(b.size - a.size));
      cosigned.startAt(newest?.size ?? 0n);
      const signed =
        newest === undefined
          ? undefined
          : { size: newest.size, note: signCheckpoint(newest.size, newest.root, signer) };
      await rounds.checkAtStart(signed, BigInt(tree.size));
    },
    follow(latest) {
      head = latest;
      return witnesses.length === 0 ? [] : [followSurely('witnesses', (signal) => rounds.follow(signal), alarm)];
    },
    show: (latest) => () => {
      const newest = latest();
      return newest === undefined ? undefined : cosigned.show(newest, now());
    },
    status: () => rounds.status(),
  };
}
