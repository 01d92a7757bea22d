using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Keyway.Hosting.Configuration;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Transport;
using Keyway.Sources;

namespace Keyway.Hosting;

/// <summary>
/// The host's way to HTTP: no redirects, no cookies, no decompression, the platform's check of certificates with roots that configuration adds.
/// Requests that go where content said have connections of their own, to public addresses only.
/// </summary>
internal sealed class HostHttp : IDisposable
{
    // A host that nobody noted is treated as one that nobody knows: the rule then allows less, never more.
    private const int MostHomes = 4096;

    // A handler for each private place that content comes from: a machine is on few networks.
    private const int MostPrivateHomes = 64;

    private readonly ConcurrentDictionary<string, IPAddress> _homes = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<SettingError> _errors = [];
    private readonly HttpMessageInvoker _named;
    private readonly HttpMessageInvoker _public;
    private readonly HttpMessageInvoker _content;
    private readonly HttpMessageInvoker _publicContent;
    private readonly ConcurrentDictionary<IPAddress, Lazy<HttpMessageInvoker>> _neighbours = new();
    private readonly X509Certificate2Collection _roots;

    /// <summary>Makes the handlers.</summary>
    /// <param name="options">What configuration says.</param>
    /// <param name="baseFolder">Where relative paths start.</param>
    public HostHttp(HttpOptions options, string baseFolder)
    {
        _roots = ReadRoots(options, baseFolder);
        _named = new HttpMessageInvoker(CreateHandler(_roots));
        _public = new HttpMessageInvoker(CreatePublicHandler(_roots));
        SocketsHttpHandler content = CreateHandler(_roots);
        // That is for licences: media is many bytes, and none of them a key.
        content.PlaintextStreamFilter = null;
        content.ConnectCallback = ConnectAndNoteAsync;
        _content = new HttpMessageInvoker(content);
        _publicContent = new HttpMessageInvoker(CreateContentHandler(home: null));
        Content = new HttpMessageInvoker(new ContentSwitch(this));
        Licenses = new HttpMessageInvoker(new Switch(_named, _public));
    }

    /// <summary>What is wrong with the options; the handlers do without it.</summary>
    public IReadOnlyList<SettingError> Errors => _errors;

    /// <summary>For licences and plugins.</summary>
    public HttpMessageInvoker Licenses { get; }

    /// <summary>For content.</summary>
    public HttpMessageInvoker Content { get; }

    public void Dispose()
    {
        Licenses.Dispose();
        Content.Dispose();
        _named.Dispose();
        _public.Dispose();
        _content.Dispose();
        _publicContent.Dispose();
        foreach (Lazy<HttpMessageInvoker> each in _neighbours.Values) each.Value.Dispose();
    }

    /// <summary>Whether an address is one that anybody on the internet has: not this machine's, its network's, or nobody's.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return false;
        Span<byte> b = stackalloc byte[16];
        address.TryWriteBytes(b, out int length);
        if (length == 4)
        {
            // RFC 6890: this network, private use, shared, loopback, link local, protocol assignments, documentation, 6to4 relays, benchmarking,
            // multicast and above.
            return b[0] is not (0 or 10 or 127)
                && !(b[0] == 100 && (b[1] & 0xC0) == 64)
                && !(b[0] == 169 && b[1] == 254)
                && !(b[0] == 172 && (b[1] & 0xF0) == 16)
                && !(b[0] == 192 && b[1] == 168)
                && !(b[0] == 192 && b[1] == 0 && b[2] is 0 or 2)
                && !(b[0] == 192 && b[1] == 88 && b[2] == 99)
                && !(b[0] == 198 && (b[1] & 0xFE) == 18)
                && !(b[0] == 198 && b[1] == 51 && b[2] == 100)
                && !(b[0] == 203 && b[1] == 0 && b[2] == 113)
                && b[0] < 224;
        }

        // Global unicast is 2000::/3; out of it protocol assignments (2001::/23, Teredo among them), documentation (2001:db8::/32, 3fff::/20),
        // and 6to4 (2002::/16), which carries an IPv4 address inside.
        if ((b[0] & 0xE0) != 0x20) return false;
        if (b[0] == 0x20 && b[1] == 0x01 && ((b[2] & 0xFE) == 0 || (b[2] == 0x0D && b[3] == 0xB8))) return false;
        if (b[0] == 0x3F && b[1] == 0xFF && (b[2] & 0xF0) == 0) return false;
        return !(b[0] == 0x20 && b[1] == 0x02);
    }

    internal static SocketsHttpHandler CreateHandler(X509Certificate2Collection roots)
    {
        SocketsHttpHandler handler = HttpLicenseTransport.CreateHandler();
        if (roots.Count > 0)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, roots);
        return handler;
    }

    internal SocketsHttpHandler CreatePublicHandler(X509Certificate2Collection roots)
    {
        SocketsHttpHandler handler = CreateHandler(roots);
        // Through a proxy it would be the proxy that looks the name up, and nobody who checks the address.
        handler.UseProxy = false;
        handler.PlaintextStreamFilter = null;
        // The permission to connect is one request's: no other finds the connection open.
        handler.PooledConnectionLifetime = TimeSpan.Zero;
        handler.ConnectCallback = ConnectPublicAsync;
        return handler;
    }

    /// <summary>A handler for what content names: it connects to public addresses, and to the one that the content came from. All users of it have the same permission, so its connections may be kept.</summary>
    internal SocketsHttpHandler CreateContentHandler(IPAddress? home)
    {
        SocketsHttpHandler handler = CreateHandler(_roots);
        // A proxy would connect in our place; what goes through one is judged before it is sent.
        handler.UseProxy = false;
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            DnsEndPoint end = context.DnsEndPoint;
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(end.Host, cancellationToken).ConfigureAwait(false);
            IPAddress[] allowed = [.. addresses.Where(address => IsPublic(address) || Plain(address).Equals(home))];
            if (allowed.Length == 0) throw Private(context.InitialRequestMessage.RequestUri, end.Host);
            return await ConnectAsync(socket => socket.ConnectAsync(allowed, end.Port, cancellationToken)).ConfigureAwait(false);
        };
        return handler;
    }

    private static SourceException Private(Uri? address, string host) => new(
        address is null ? host : $"{address.Scheme}://{address.Authority}", "this is an address of this machine or its network, and only content names it; nothing was sent to it (the caller may allow the origin)");

    /// <summary>Trusts what the platform trusts, and what ends in a configured root and has no other fault.</summary>
    private static bool IsTrusted(X509Certificate? certificate, X509Chain? platform, SslPolicyErrors errors, X509Certificate2Collection roots)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf) return false;
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        foreach (X509ChainElement element in platform?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }

    private X509Certificate2Collection ReadRoots(HttpOptions options, string baseFolder)
    {
        X509Certificate2Collection roots = [];
        for (int i = 0; i < options.TrustedRoots.Count; i++)
        {
            int before = roots.Count;
            string? problem = null;
            try
            {
                roots.ImportFromPemFile(Path.Combine(baseFolder, options.TrustedRoots[i]));
                if (roots.Count == before) problem = "there is none in it (a certificate in PEM begins with -----BEGIN CERTIFICATE-----)";
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
            {
                problem = exception.Message;
            }

            if (problem is not null) _errors.Add(new SettingError($"Keyway:Http:TrustedRoots:{i}", $"no certificates can be read: {problem}"));
        }

        return roots;
    }

    private async ValueTask<Stream> ConnectPublicAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint end = context.DnsEndPoint;
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(end.Host, cancellationToken).ConfigureAwait(false);
        // What came from an address may send back to it: a private service may serve its own network. It is the address that counts, and not what
        // the host's name leads to by now.
        IPAddress? home = context.InitialRequestMessage.Options.TryGetValue(HttpLicenseTransport.ContentHost, out string? host) && host is { Length: > 0 }
            ? _homes.GetValueOrDefault(Bare(host))
            : null;
        IPAddress[] allowed = [.. addresses.Where(address => IsPublic(address) || Plain(address).Equals(home))];
        if (allowed.Length == 0)
        {
            throw new LicenseServiceException(LicenseErrorKind.UntrustedUrl, $"{end.Host} is a private address, and only content names it; nothing was sent to it")
            {
                Advice = "give the licence URL yourself, if it is the right one",
            };
        }

        return await ConnectAsync(socket => socket.ConnectAsync(allowed, end.Port, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>
    /// Connects for content to a host that the caller named, and notes where each host was when it was first met. What content then names there may not
    /// move to another private address.
    /// </summary>
    private async ValueTask<Stream> ConnectAndNoteAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        NetworkStream stream;
        if (context.InitialRequestMessage.Options.TryGetValue(MediaSources.NamedByContentFrom, out _) && _homes.TryGetValue(Bare(context.DnsEndPoint.Host), out IPAddress? home))
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken).ConfigureAwait(false);
            IPAddress[] allowed = [.. addresses.Where(address => IsPublic(address) || Plain(address).Equals(home))];
            if (allowed.Length == 0) throw Private(context.InitialRequestMessage.RequestUri, context.DnsEndPoint.Host);
            stream = await ConnectAsync(socket => socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken)).ConfigureAwait(false);
        }
        else stream = await ConnectAsync(socket => socket.ConnectAsync(context.DnsEndPoint, cancellationToken)).ConfigureAwait(false);

        if (_homes.Count < MostHomes && stream.Socket.RemoteEndPoint is IPEndPoint remote) _homes.TryAdd(Bare(context.DnsEndPoint.Host), Plain(remote.Address));
        return stream;
    }

    private static async ValueTask<NetworkStream> ConnectAsync(Func<Socket, ValueTask> connect)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await connect(socket).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // An address of IPv6 stands in brackets in one place and without them in another.
    private static string Bare(string host) => host.Trim('[', ']');

    private sealed class Switch(HttpMessageInvoker named, HttpMessageInvoker untrusted) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            (request.Options.TryGetValue(HttpLicenseTransport.Untrusted, out bool strange) && strange ? untrusted : named).SendAsync(request, cancellationToken);
    }

    /// <summary>Sends requests for content where they may go: what the caller named anywhere, what content named to public addresses and back to where it came from.</summary>
    private sealed class ContentSwitch(HostHttp owner) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            await (await ChooseAsync(request, cancellationToken).ConfigureAwait(false)).SendAsync(request, cancellationToken).ConfigureAwait(false);

        private async ValueTask<HttpMessageInvoker> ChooseAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.Options.TryGetValue(MediaSources.NamedByContentFrom, out string? from) || request.RequestUri is not { } address) return owner._content;
            if (from.Length > 0 && Bare(from).Equals(Bare(address.IdnHost), StringComparison.OrdinalIgnoreCase)) return owner._content;
            IPAddress? home = from.Length > 0 ? owner._homes.GetValueOrDefault(Bare(from)) : null;
            if (IsThroughProxy(address))
            {
                await CheckAsync(address, home, cancellationToken).ConfigureAwait(false);
                return owner._content;
            }

            if (home is null || IsPublic(home)) return owner._publicContent;
            if (owner._neighbours.TryGetValue(home, out Lazy<HttpMessageInvoker>? known)) return known.Value;
            return owner._neighbours.Count >= MostPrivateHomes
                ? owner._publicContent
                : owner._neighbours.GetOrAdd(home, one => new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(owner.CreateContentHandler(one)))).Value;
        }

        private static bool IsThroughProxy(Uri address) =>
            HttpClient.DefaultProxy is { } proxy && !proxy.IsBypassed(address) && proxy.GetProxy(address) is { } through && through != address;

        /// <summary>What this machine can tell about an address that a proxy is going to look up.</summary>
        private static async ValueTask CheckAsync(Uri address, IPAddress? home, CancellationToken cancellationToken)
        {
            IPAddress[] addresses;
            try
            {
                addresses = await Dns.GetHostAddressesAsync(Bare(address.IdnHost), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // Only the proxy knows the name.
                return;
            }

            if (!Array.Exists(addresses, each => IsPublic(each) || Plain(each).Equals(home))) throw Private(address, address.IdnHost);
        }
    }
}
