using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Keyway.Hosting.Configuration;
using Keyway.Licensing;

namespace Keyway.Hosting;

/// <summary>
/// The host's way to HTTP: no redirects, no cookies, no decompression, the platform's check of certificates with roots that configuration adds.
/// Requests that go where content said have connections of their own, to public addresses only.
/// </summary>
internal sealed class HostHttp : IDisposable
{
    private readonly HttpMessageInvoker _named;
    private readonly HttpMessageInvoker _public;

    public HostHttp(HttpOptions options, string baseFolder)
    {
        X509Certificate2Collection roots = ReadRoots(options, baseFolder);
        _named = new HttpMessageInvoker(CreateHandler(roots));
        SocketsHttpHandler handler = CreateHandler(roots);
        handler.ConnectCallback = ConnectPublicAsync;
        _public = new HttpMessageInvoker(handler);
        Licenses = new HttpMessageInvoker(new Switch(_named, _public));
    }

    /// <summary>For licences and plugins.</summary>
    public HttpMessageInvoker Licenses { get; }

    /// <summary>For content.</summary>
    public HttpMessageInvoker Content => _named;

    public void Dispose()
    {
        Licenses.Dispose();
        _named.Dispose();
        _public.Dispose();
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
            // RFC 6890: this network, private use, shared, loopback, link local, protocol assignments, documentation, benchmarking, multicast and above.
            return b[0] is not (0 or 10 or 127)
                && !(b[0] == 100 && (b[1] & 0xC0) == 64)
                && !(b[0] == 169 && b[1] == 254)
                && !(b[0] == 172 && (b[1] & 0xF0) == 16)
                && !(b[0] == 192 && b[1] == 168)
                && !(b[0] == 192 && b[1] == 0 && b[2] is 0 or 2)
                && !(b[0] == 198 && (b[1] & 0xFE) == 18)
                && !(b[0] == 198 && b[1] == 51 && b[2] == 100)
                && !(b[0] == 203 && b[1] == 0 && b[2] == 113)
                && b[0] < 224;
        }

        // Global unicast is 2000::/3; out of it documentation (2001:db8::/32), and what carries an IPv4 address inside (6to4, Teredo).
        if ((b[0] & 0xE0) != 0x20) return false;
        if (b[0] == 0x20 && b[1] == 0x01 && ((b[2] == 0x0D && b[3] == 0xB8) || (b[2] == 0 && b[3] == 0))) return false;
        return !(b[0] == 0x20 && b[1] == 0x02);
    }

    private static SocketsHttpHandler CreateHandler(X509Certificate2Collection roots)
    {
        SocketsHttpHandler handler = HttpLicenseTransport.CreateHandler();
        if (roots.Count > 0)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, roots);
        return handler;
    }

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

    private static X509Certificate2Collection ReadRoots(HttpOptions options, string baseFolder)
    {
        X509Certificate2Collection roots = [];
        List<SettingError> errors = [];
        for (int i = 0; i < options.TrustedRoots.Count; i++)
        {
            try
            {
                roots.ImportFromPemFile(Path.Combine(baseFolder, options.TrustedRoots[i]));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
            {
                errors.Add(new SettingError($"Keyway:Http:TrustedRoots:{i}", $"no certificates can be read: {exception.Message}"));
            }
        }

        return errors.Count == 0 ? roots : throw new KeywayConfigurationException(errors);
    }

    private static async ValueTask<Stream> ConnectPublicAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint end = context.DnsEndPoint;
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(end.Host, cancellationToken).ConfigureAwait(false);
        HashSet<IPAddress> home = [];
        // What came from an address may send back to it: a private service may serve its own network.
        if (context.InitialRequestMessage.Options.TryGetValue(HttpLicenseTransport.ContentHost, out string? host) && host is { Length: > 0 })
            home.UnionWith(await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false));
        IPAddress[] allowed = [.. addresses.Where(address => IsPublic(address) || home.Contains(address))];
        if (allowed.Length == 0)
        {
            throw new LicenseServiceException(LicenseErrorKind.UntrustedUrl, $"{end.Host} is a private address, and only content names it; nothing was sent to it")
            {
                Advice = "give the licence URL yourself, if it is the right one",
            };
        }


        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, end.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class Switch(HttpMessageInvoker named, HttpMessageInvoker untrusted) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            (request.Options.TryGetValue(HttpLicenseTransport.Untrusted, out bool strange) && strange ? untrusted : named).SendAsync(request, cancellationToken);
    }
}
