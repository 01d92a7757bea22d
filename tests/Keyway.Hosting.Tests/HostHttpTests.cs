using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Keyway.Hosting.Configuration;
using Keyway.Licensing;
using Keyway.Licensing.Transport;
using Keyway.Sources;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting;

/// <summary>The host's way to HTTP: which addresses content may name, which certificates count, what no handler does.</summary>
public sealed class HostHttpTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-http-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>IANA's special-purpose registries of IPv4 and IPv6, first and last address of each block and the neighbours outside.</summary>
    [Theory]
    [InlineData("1.1.1.1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.255.255.255", false)]
    [InlineData("9.255.255.255", true)]
    [InlineData("10.0.0.0", false)]
    [InlineData("10.255.255.255", false)]
    [InlineData("11.0.0.0", true)]
    [InlineData("100.63.255.255", true)]
    [InlineData("100.64.0.0", false)]
    [InlineData("100.127.255.255", false)]
    [InlineData("100.128.0.0", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.255.254", false)]
    [InlineData("128.0.0.1", true)]
    [InlineData("169.253.255.255", true)]
    [InlineData("169.254.169.254", false)]
    [InlineData("169.255.0.0", true)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.16.0.0", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.0", true)]
    [InlineData("192.0.0.1", false)]
    [InlineData("192.0.1.1", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("192.0.3.1", true)]
    [InlineData("192.88.99.1", false)]
    [InlineData("192.88.98.255", true)]
    [InlineData("192.167.255.255", true)]
    [InlineData("192.168.0.0", false)]
    [InlineData("192.168.255.255", false)]
    [InlineData("192.169.0.0", true)]
    [InlineData("198.17.255.255", true)]
    [InlineData("198.18.0.0", false)]
    [InlineData("198.19.255.255", false)]
    [InlineData("198.20.0.0", true)]
    [InlineData("198.51.100.7", false)]
    [InlineData("198.51.101.7", true)]
    [InlineData("203.0.112.255", true)]
    [InlineData("203.0.113.7", false)]
    [InlineData("203.0.114.0", true)]
    [InlineData("223.255.255.255", true)]
    [InlineData("224.0.0.1", false)]
    [InlineData("240.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("2a00:1450::1", true)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:1.1.1.1", true)]
    [InlineData("::10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("100::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:2::1", false)]
    [InlineData("2001:20::1", false)]
    [InlineData("2001:1ff:ffff::1", false)]
    [InlineData("2001:200::1", true)]
    [InlineData("2001:db7:ffff::1", true)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2001:db9::1", true)]
    [InlineData("2002:a00:1::1", false)]
    [InlineData("2003::1", true)]
    [InlineData("3ffe::1", true)]
    [InlineData("3fff::1", false)]
    [InlineData("3fff:fff::1", false)]
    [InlineData("3fff:1000::1", true)]
    [InlineData("4000::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd12:3456::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    public void Address_is_public_when_anybody_on_the_internet_has_it(string address, bool isPublic) =>
        HostHttp.IsPublic(IPAddress.Parse(address)).Should().Be(isPublic);

    [Fact]
    public void Handlers_follow_nothing_keep_nothing_and_unpack_nothing()
    {
        using HostHttp http = new(new HttpOptions(), _folder);
        using SocketsHttpHandler named = HostHttp.CreateHandler([]), strict = http.CreatePublicHandler([]);
        foreach (SocketsHttpHandler handler in new[] { named, strict })
        {
            handler.AllowAutoRedirect.Should().BeFalse();
            handler.UseCookies.Should().BeFalse();
            handler.AutomaticDecompression.Should().Be(DecompressionMethods.None);
            handler.Credentials.Should().BeNull();
            handler.PreAuthenticate.Should().BeFalse();
            handler.SslOptions.RemoteCertificateValidationCallback.Should().BeNull("the platform's own check is not replaced without a root of ours");
        }

        using SocketsHttpHandler content = http.CreateContentHandler(null);
        (content.AllowAutoRedirect, content.UseCookies, content.AutomaticDecompression).Should().Be((false, false, DecompressionMethods.None));
        strict.UseProxy.Should().BeFalse("a proxy would look the name up, and nobody would see the address");
        strict.ConnectCallback.Should().NotBeNull();
    }

    [Fact]
    public async Task Redirects_and_cookies_are_left_to_the_caller()
    {
        await using LoopbackServer server = new(_ => new LoopbackServer.Answer(302, "text/plain\r\nLocation: /elsewhere\r\nSet-Cookie: a=b", []));
        using HostHttp http = new(new HttpOptions(), _folder);
        foreach (HttpMessageInvoker invoker in new[] { http.Licenses, http.Content })
        {
            (await SendAsync(invoker, server.Address)).Should().Be(HttpStatusCode.Found);
            (await SendAsync(invoker, server.Address)).Should().Be(HttpStatusCode.Found);
        }

        server.Requests.Should().HaveCount(4).And.OnlyContain(request => request.Path == "/" && !request.Headers.ContainsKey("Cookie") && !request.Headers.ContainsKey("Accept-Encoding") && !request.Headers.ContainsKey("Expect"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Request_that_content_sends_to_a_private_address_never_connects(string host)
    {
        await using LoopbackServer server = new(_ => LoopbackServer.Answer.Text("secret"));
        using HostHttp http = new(new HttpOptions(), _folder);
        Uri address = new($"http://{host}:{server.Port}/");
        Func<Task> send = () => SendAsync(http.Licenses, address, untrusted: true);
        HttpRequestException refused = (await send.Should().ThrowAsync<HttpRequestException>()).Which;
        LicenseServiceException cause = refused.InnerException.Should().BeOfType<LicenseServiceException>().Subject;
        cause.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        cause.Message.Should().Contain("private address");
        server.Connections.Should().Be(0);

        // What the caller or configuration names is another matter, and connections are not shared between the two.
        (await SendAsync(http.Licenses, new Uri($"http://127.0.0.1:{server.Port}/"))).Should().Be(HttpStatusCode.OK);
        await send.Should().ThrowAsync<HttpRequestException>();
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Content_may_name_the_address_that_it_came_from_and_no_name_that_leads_there_later()
    {
        await using LoopbackServer server = new(_ => LoopbackServer.Answer.Text("x"));
        using HostHttp http = new(new HttpOptions(), _folder);
        // Not fetched from there yet: what the name leads to now proves nothing.
        Func<Task> early = () => SendAsync(http.Licenses, server.Address, untrusted: true, contentHost: "localhost");
        await early.Should().ThrowAsync<HttpRequestException>();
        server.Connections.Should().Be(0);

        await SendAsync(http.Content, new Uri($"http://localhost:{server.Port}/"));
        (await SendAsync(http.Licenses, server.Address, untrusted: true, contentHost: "localhost")).Should().Be(HttpStatusCode.OK);

        // Neither another server's content nor another name may use that permission, though a connection was open.
        foreach ((Uri address, string host) in new[] { (server.Address, "content.example"), (new Uri($"http://localhost:{server.Port}/"), "content.example"), (server.Address, "127.0.0.1") })
        {
            Func<Task> other = () => SendAsync(http.Licenses, address, untrusted: true, contentHost: host);
            await other.Should().ThrowAsync<HttpRequestException>("content of {0} did not come from there", host);
        }

        server.Requests.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("127.0.0.1", "")]
    [InlineData("localhost", "")]
    [InlineData("[::ffff:127.0.0.1]", "")]
    [InlineData("127.0.0.1", "content.example")]
    public async Task What_content_names_for_its_segments_is_public_or_where_it_came_from(string host, string from)
    {
        await using LoopbackServer server = new(_ => LoopbackServer.Answer.Text("x"));
        using HostHttp http = new(new HttpOptions(), _folder);
        Uri address = new($"http://{host}:{server.Port}/");
        Func<Task> send = () => SendContentAsync(http, address, from);
        (await send.Should().ThrowAsync<HttpRequestException>()).Which.InnerException.Should().BeOfType<SourceException>().Which.Message.Should().Contain("nothing was sent");
        server.Connections.Should().Be(0);

        // What the caller names is another matter, and an open connection gives nobody else leave.
        (await SendAsync(http.Content, address)).Should().Be(HttpStatusCode.OK);
        await send.Should().ThrowAsync<HttpRequestException>();
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Content_from_a_private_address_may_name_that_address_for_its_segments_and_no_other()
    {
        await using LoopbackServer server = new(_ => LoopbackServer.Answer.Text("x"));
        using HostHttp http = new(new HttpOptions(), _folder);
        await SendAsync(http.Content, new Uri($"http://localhost:{server.Port}/"));
        (await SendContentAsync(http, new Uri($"http://localhost:{server.Port}/segment"), "localhost")).Should().Be(HttpStatusCode.OK);
        (await SendContentAsync(http, server.Address, "localhost")).Should().Be(HttpStatusCode.OK, "it is the same machine");
        foreach ((string host, string from) in new[] { ("127.0.0.2", "localhost"), ("127.0.0.1", "content.example"), ("10.0.0.1", "localhost"), ("[fd00::1]", "localhost") })
        {
            Func<Task> other = () => SendContentAsync(http, new Uri($"http://{host}:{server.Port}/"), from);
            (await other.Should().ThrowAsync<HttpRequestException>("{0} is not {1}", host, from)).Which.InnerException.Should().BeOfType<SourceException>();
        }

        server.Requests.Should().HaveCount(3);
    }

    [Fact]
    public async Task Configured_root_is_trusted_and_nothing_else_about_a_certificate_is_forgiven()
    {
        (X509Certificate2 root, X509Certificate2 leaf, X509Certificate2 client) = Certificates();
        using (root)
        using (leaf)
        using (client)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, "root.pem"), root.ExportCertificatePem(), Cancel);
            await using LoopbackServer server = new(_ => LoopbackServer.Answer.Text("x"), leaf);
            await using LoopbackServer wrong = new(_ => LoopbackServer.Answer.Text("x"), client);
            using HostHttp plain = new(new HttpOptions(), _folder);
            using HostHttp trusting = new(new HttpOptions { TrustedRoots = ["root.pem"] }, _folder);
            trusting.Errors.Should().BeEmpty();

            Uri address = new($"https://localhost:{server.Port}/");
            foreach ((HttpMessageInvoker invoker, Uri url) in new[] { (plain.Licenses, address), (trusting.Licenses, server.Address), (trusting.Licenses, new Uri($"https://localhost:{wrong.Port}/")) })
            {
                Func<Task> send = () => SendAsync(invoker, url);
                (await send.Should().ThrowAsync<HttpRequestException>()).Which.HttpRequestError.Should().Be(HttpRequestError.SecureConnectionError);
            }

            foreach (HttpMessageInvoker invoker in new[] { trusting.Licenses, trusting.Content })
                (await SendAsync(invoker, address)).Should().Be(HttpStatusCode.OK);
            wrong.Requests.Should().BeEmpty();
        }
    }

    [Fact]
    public void Roots_that_cannot_be_read_are_all_reported()
    {
        File.WriteAllText(Path.Combine(_folder, "empty.pem"), "no certificate here");
        File.WriteAllText(Path.Combine(_folder, "broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        using HostHttp http = new(new HttpOptions { TrustedRoots = ["missing.pem", "empty.pem", "broken.pem"] }, _folder);
        http.Errors.Select(error => error.Path).Should().Equal("Keyway:Http:TrustedRoots:0", "Keyway:Http:TrustedRoots:1", "Keyway:Http:TrustedRoots:2");
        http.Errors[1].Reason.Should().Contain("none in it");
    }

    // ---- where secrets may go (docs/trust.md), with the real key system and two real servers

    [Theory]
    [InlineData("nothing", 1)]
    [InlineData("header", 0)]
    [InlineData("custom data", 0)]
    [InlineData("provider", 0)]
    [InlineData("file", 0)]
    public async Task Second_server_that_a_manifest_names_gets_a_request_only_when_it_tells_nothing(string given, int requests)
    {
        await using LoopbackServer license = new(request => new LoopbackServer.Answer(200, "application/json", SampleContent.License(request.Body)));
        byte[] manifest = SampleContent.ManifestNaming($"{license.Address}clearkey");
        await using LoopbackServer content = new(request => request.Path == "/manifest.mpd"
            ? new LoopbackServer.Answer(200, "application/dash+xml", manifest)
            : new LoopbackServer.Answer(200, "video/mp4", File.ReadAllBytes(Path.Combine(SampleContent.Folder, "cenc", request.Path.TrimStart('/')))));
        using Plugins.PluginFolder plugins = new();
        plugins.Drop("clearkey");
        IConfigurationSection section = Configured.Root(
            """{ "Plugins": { "Allow": { "clearkey": {} } }, "KeySystems": { "clearkey": {} }, "Providers": { "acme": { "AllowedOrigins": [ "https://acme.example" ] } } }""",
            ("Keyway:Plugins:Directory", plugins.Path)).GetSection("Keyway");
        await using KeywayHost host = new(section);
        PresentationOptions options = given switch
        {
            "header" => new() { LicenseHeaders = new Dictionary<string, string> { ["X-Token"] = "t0ken" } },
            "custom data" => new() { CustomData = "cu5tom" },
            "provider" => new() { Provider = "acme" },
            _ => new(),
        };
        Uri source = new(content.Address, "manifest.mpd");
        if (given == "file")
        {
            foreach (string track in (string[])["audio", "video-360"])
                File.Copy(Path.Combine(SampleContent.Folder, "cenc", track, "init.mp4"), Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, track)).FullName, "init.mp4"));
            source = new Uri(Path.Combine(_folder, "manifest.mpd"));
            await File.WriteAllBytesAsync(source.LocalPath, manifest, Cancel);
        }

        await using Presentation presentation = await host.OpenAsync(source, options, Cancel);
        Func<Task> acquire = async () => await presentation.AcquireAsync(Cancel);
        if (requests == 0)
        {
            Sessions.KeyUnavailableException refused = (await acquire.Should().ThrowAsync<Sessions.KeyUnavailableException>()).Which;
            refused.InnerException.Should().BeOfType<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
            license.Connections.Should().Be(0);
        }
        else
        {
            await acquire();
            license.Requests.Should().ContainSingle().Which.Headers.Keys.Should().BeEquivalentTo("Host", "Content-Type", "Content-Length", "Accept-Encoding");
            (await SampleContent.ReadAsync(presentation, 1)).Should().Equal(SampleContent.Table("audio"));
        }
    }

    private static async Task<HttpStatusCode> SendAsync(HttpMessageInvoker invoker, Uri address, bool untrusted = false, string? contentHost = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Options.Set(HttpLicenseTransport.Untrusted, untrusted);
        request.Options.Set(HttpLicenseTransport.ContentHost, contentHost);
        using HttpResponseMessage response = await invoker.SendAsync(request, Cancel);
        await response.Content.ReadAsByteArrayAsync(Cancel);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> SendContentAsync(HostHttp http, Uri address, string from)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Options.Set(MediaSources.NamedByContentFrom, from);
        using HttpResponseMessage response = await http.Content.SendAsync(request, Cancel);
        await response.Content.ReadAsByteArrayAsync(Cancel);
        return response.StatusCode;
    }

    /// <summary>A root, a server certificate for <c>localhost</c> under it, and one that is for clients only.</summary>
    private static (X509Certificate2 Root, X509Certificate2 Leaf, X509Certificate2 Client) Certificates()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest ca = new("CN=Keyway test root", rootKey, HashAlgorithmName.SHA256);
        ca.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        X509Certificate2 root = ca.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        return (root, Issue("1.3.6.1.5.5.7.3.1", 1), Issue("1.3.6.1.5.5.7.3.2", 2));

        X509Certificate2 Issue(string usage, byte serial)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
            SubjectAlternativeNameBuilder names = new();
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
            using X509Certificate2 signed = request.Create(root, now.AddHours(-1), now.AddDays(1), [serial]);
            using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
            // Some platforms serve only what has been in a file.
            return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
        }
    }
}
