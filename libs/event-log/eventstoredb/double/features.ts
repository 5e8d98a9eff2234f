import type { handleUnaryCall } from '@grpc/grpc-js';
import cluster from '@eventstore/db-client/generated/gossip_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';

const SUBSCRIPTIONS = 'persistent_subscriptions.persistentsubscriptions';
/** What a real 23.10.8 said it has, in its order: service, method, features. */
const METHODS: readonly (readonly [string, string, ...string[]])[] = [
  ['redaction.redaction', 'geteventpositions'],
  ['redaction.redaction', 'switchchunks'],
  ...['create', 'update', 'delete', 'read', 'getinfo', 'replayparked', 'list', 'restartsubsystem'].map(
    (method) => [SUBSCRIPTIONS, method, 'stream', 'all'] as const,
  ),
  ...['create', 'update', 'delete', 'disable', 'enable', 'details', 'changepassword', 'resetpassword'].map(
    (method) => ['users.users', method] as const,
  ),
  ['streams.streams', 'read', 'position', 'events'],
  ['streams.streams', 'append'],
  ['streams.streams', 'delete'],
  ['streams.streams', 'tombstone'],
  ['streams.streams', 'batchappend', 'deadline_duration'],
  ...[
    'startscavenge',
    'stopscavenge',
    'shutdown',
    'mergeindexes',
    'resignnode',
    'setnodepriority',
    'restartpersistentsubscriptions',
  ].map((method) => ['operations.operations', method] as const),
  ['gossip.gossip', 'read'],
  ['monitoring.monitoring', 'stats'],
  ['server_features.serverfeatures', 'getsupportedmethods'],
];
/** A server built from its source calls itself so: the number proves nothing. */
const VERSION = '1.0.0';

/** What the server can do. */
export const supportedMethods: handleUnaryCall<Empty, SupportedMethods> = (_, callback) => {
  const answer = new features.SupportedMethods();
  answer.setEventStoreServerVersion(VERSION);
  for (const [service, name, ...has] of METHODS) {
    const method = new features.SupportedMethod();
    method.setServiceName(`event_store.client.${service}`);
    method.setMethodName(name);
    method.setFeaturesList(has);
    answer.addMethods(method);
  }
  callback(null, answer);
};

/** One node of a cluster. */
export interface DoubleMember {
  readonly host: string;
  readonly port: number;
  readonly leader: boolean;
}

/** Who is in the cluster. */
export function gossip(members: () => readonly DoubleMember[]): handleUnaryCall<Empty, ClusterInfo> {
  return (_, callback) => {
    const answer = new cluster.ClusterInfo();
    for (const { host, port, leader } of members()) {
      const { FOLLOWER, LEADER } = cluster.MemberInfo.VNodeState;
      const member = new cluster.MemberInfo();
      const id = new shared.UUID();
      id.setString(crypto.randomUUID());
      member.setInstanceId(id);
      member.setState(leader ? LEADER : FOLLOWER);
      member.setIsAlive(true);
      const endPoint = new cluster.EndPoint();
      endPoint.setAddress(host);
      endPoint.setPort(port);
      member.setHttpEndPoint(endPoint);
      answer.addMembers(member);
    }
    callback(null, answer);
  };
}
