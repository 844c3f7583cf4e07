package twinpane.controls;

import jakarta.servlet.ServletException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.ext.TimesyncExtension;
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.http.JSONPHttpTransport;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.CrossOriginHandler;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/**
 * A CometD server on Jetty to compare with: all three transports, the ack and timesync extensions, CORS for everybody, open
 * channels and the echo service of {@link EchoService}.
 *
 * <p>Arguments: the port (0 picks one), then CometD's options as {@code name=value}. Prints {@code READY <url>}, answers each
 * line {@code counters} on its standard input with one line of JSON, and ends when that ends.
 */
public final class Control {
    private Control() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            System.err.println("usage: start PORT [option=value]...");
            System.exit(2);
        }
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < arguments.length; ++i) {
            String[] pair = arguments[i].split("=", 2);
            if (pair.length != 2) throw new IllegalArgumentException("not name=value: " + arguments[i]);
            options.put(pair[0], pair[1]);
        }

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);

        ServletContextHandler context = new ServletContextHandler("/");
        CrossOriginHandler crossOrigin = new CrossOriginHandler();
        crossOrigin.setAllowedOriginPatterns(Set.of("*"));
        crossOrigin.setAllowedMethods(Set.of("GET", "POST", "OPTIONS"));
        crossOrigin.setAllowedHeaders(Set.of("Content-Type", "X-Requested-With"));
        crossOrigin.setAllowCredentials(true);
        crossOrigin.setHandler(context);
        server.setHandler(crossOrigin);
        context.insertHandler(WebSocketUpgradeHandler.from(server, context));

        Bayeux servlet = new Bayeux(context, options);
        ServletHolder holder = new ServletHolder(servlet);
        holder.setAsyncSupported(true);
        holder.setInitOrder(1);
        context.addServlet(holder, "/cometd/*");
        server.setStopTimeout(1000);
        server.setStopAtShutdown(true);
        try {
            server.start();
        } catch (Exception failed) {
            failed.printStackTrace();
            System.exit(1);
        }

        System.out.println("READY http://127.0.0.1:" + connector.getLocalPort() + "/cometd");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            System.out.println(servlet.service.counters());
        }
        // Jetty's shutdown hook stops the server.
        System.exit(0);
    }

    private static final class Bayeux extends CometDServlet {
        private static final long serialVersionUID = 1L;
        private final transient ServletContextHandler context;
        private final transient Map<String, String> options;
        private transient EchoService service;

        private Bayeux(ServletContextHandler context, Map<String, String> options) {
            this.context = context;
            this.options = options;
        }

        @Override
        protected BayeuxServer newBayeuxServer() {
            BayeuxServerImpl bayeux = new BayeuxServerImpl();
            bayeux.setOption(org.eclipse.jetty.server.Context.class.getName(), context.getContext());
            bayeux.setOption("ws.cometdURLMapping", "/cometd/*");
            options.forEach(bayeux::setOption);
            bayeux.addTransport(new JettyWebSocketTransport(bayeux));
            bayeux.addTransport(new JSONHttpTransport(bayeux));
            bayeux.addTransport(new JSONPHttpTransport(bayeux));
            bayeux.addExtension(new AcknowledgedMessagesExtension());
            bayeux.addExtension(new TimesyncExtension());
            bayeux.setSecurityPolicy(new OpenPolicy());
            return bayeux;
        }

        @Override
        public void init() throws ServletException {
            super.init();
            service = new EchoService(getBayeuxServer());
        }
    }
}
