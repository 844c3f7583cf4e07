package twinpane.controls;

import java.util.Map;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.DefaultSecurityPolicy;

/** Everybody may do everything, except below /closed, and except for a handshake that asks to be denied: {@code ext.deny}. */
final class OpenPolicy extends DefaultSecurityPolicy {
    @Override
    public boolean canHandshake(BayeuxServer server, ServerSession session, ServerMessage message) {
        Map<String, Object> ext = message.getExt();
        return ext == null || !ext.containsKey("deny");
    }

    @Override
    public boolean canCreate(BayeuxServer server, ServerSession session, String channel, ServerMessage message) {
        return session != null && session.isLocalSession() || !channel.startsWith("/meta/");
    }

    @Override
    public boolean canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
        return open(channel) && super.canSubscribe(server, session, channel, message);
    }

    @Override
    public boolean canPublish(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
        return open(channel) && super.canPublish(server, session, channel, message);
    }

    private static boolean open(ServerChannel channel) {
        return !channel.getId().startsWith("/closed");
    }
}
