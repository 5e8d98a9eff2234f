import { Metadata, ResponderBuilder, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

const PLAIN = 'application/grpc';

/** Answers with the headers of the real server, where this library's own differ. */
export const serverHeaders: ServerInterceptor = (_, call) => {
  let begun = false;
  const responder = new ResponderBuilder()
    .withSendMetadata((metadata, next) => {
      begun = true;
      metadata.set('content-type', PLAIN);
      next(metadata);
    })
    .withSendStatus((status, next) => {
      const metadata = status.metadata?.clone() ?? new Metadata();
      if (!begun) {
        // A refusal is headers alone.
        metadata.set('content-type', PLAIN);
        metadata.set('content-length', '0');
      }
      next({ ...status, metadata });
    })
    .build();
  return new ServerInterceptingCall(call, responder);
};
