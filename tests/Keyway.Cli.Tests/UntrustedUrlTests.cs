using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Keyway.Cli.Leaks;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Content that names a licence service, and key systems whose challenge tells who the device is: the named server is sent nothing.</summary>
public sealed partial class UntrustedUrlTests(SharedSandbox sandbox)
{
    [Theory]
    [InlineData("widevine", "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")]
    [InlineData("playready", "9a04f079-9840-4286-ab92-e65be0885f95")]
    public async Task A_manifest_that_names_a_second_server_sends_it_nothing(string system, string scheme)
    {
        await RefusedAsync(system, (manifest, url) => WithLaurl(manifest, url, scheme), "ContentProtection");
    }

    [Fact]
    public async Task A_server_that_only_a_manifest_names_hears_nothing_even_where_the_identity_would_be_encrypted_for_it() =>
        await RefusedAsync("widevine", WithLaurl, "ContentProtection", "--set", "Keyway:KeySystems:widevine:Settings:Privacy=Required");

    [Fact]
    public async Task A_setting_that_names_it_lets_such_a_server_be_asked()
    {
        using LeakRun run = await LeakRun.PrepareAsync("widevine", sandbox.Url);
        using LoopbackServer second = LoopbackServer.Answering(static _ => { });
        using TemporaryFolder folder = new();
        string manifest = Path.Combine(folder.Copy("cenc"), "manifest.mpd");
        await File.WriteAllTextAsync(manifest, WithLaurl(await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken), second.Url), TestContext.Current.CancellationToken);
        // What content names is asked at public addresses, and at that of the content itself.
        using LoopbackServer content = LoopbackServer.Files(folder.Path, ranges: true);
        string[] arguments = ["--config", run.SettingsFile(), "--key-system", "widevine", "--json", "--set", "Keyway:KeySystems:widevine:Settings:Privacy=Required"];
        (await CommandRun.OfAsync(["license", $"{content.Url}cenc/manifest.mpd", .. arguments])).ShouldFailInJson(ExitCode.NoLicense, "untrusted-url");
        second.Requests.Should().BeEmpty();
        await CommandRun.OfAsync(["license", $"{content.Url}cenc/manifest.mpd", .. arguments, "--set", "Keyway:KeySystems:widevine:Settings:IdentifyToContentUrls=true"]);
        second.Requests.Should().NotBeEmpty();
    }

    [Fact]
    public async Task An_init_data_that_names_a_second_server_sends_it_nothing() => await RefusedAsync("playready", (manifest, url) =>
    {
        // Both the object and the box around it carry the header; both name the server.
        string named = Pro().Replace(manifest, match => $"<mspr:pro>{Convert.ToBase64String(WithUrl(Convert.FromBase64String(match.Groups[1].Value), url))}</mspr:pro>");
        return Pssh().Replace(named, match =>
        {
            byte[] box = Convert.FromBase64String(match.Groups[1].Value);
            if (!box.AsSpan(12, 4).SequenceEqual((ReadOnlySpan<byte>)[0x9a, 0x04, 0xf0, 0x79])) return match.Value;
            // size 4 | pssh | version and flags 4 | system 16 | length 4 | object
            byte[] data = WithUrl(box[32..], url);
            byte[] longer = [.. box[..32], .. data];
            BinaryPrimitives.WriteInt32BigEndian(longer, longer.Length);
            BinaryPrimitives.WriteInt32BigEndian(longer.AsSpan(28), data.Length);
            return $"<cenc:pssh>{Convert.ToBase64String(longer)}</cenc:pssh>";
        });
    }, "protection header");

    private static string WithLaurl(string manifest, Uri url) => WithLaurl(manifest, url, "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed");

    private static string WithLaurl(string manifest, Uri url, string scheme) => manifest.Replace(
        $"schemeIdUri=\"urn:uuid:{scheme}\">", $"schemeIdUri=\"urn:uuid:{scheme}\"><dashif:Laurl xmlns:dashif=\"https://dashif.org/CPS\">{url}</dashif:Laurl>", StringComparison.Ordinal);

    private async Task RefusedAsync(string system, Func<string, Uri, string> change, string source, params string[] more)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        using LoopbackServer second = LoopbackServer.Answering(static _ => { });
        using TemporaryFolder folder = new();
        string manifest = Path.Combine(folder.Copy("cenc"), "manifest.mpd");
        string before = await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken), after = change(before, second.Url);
        after.Should().NotBe(before);
        await File.WriteAllTextAsync(manifest, after, TestContext.Current.CancellationToken);

        string[] device = ["--config", run.SettingsFile(), "--key-system", system, "--json", .. more];
        CommandRun refused = await CommandRun.OfAsync(["license", manifest, .. device]);
        refused.ShouldFailInJson(ExitCode.NoLicense, "untrusted-url").Out.Should().Contain(source, "it says who named it");

        // Nor where there is a provider whose origins are others.
        (await CommandRun.OfAsync(["license", manifest, "--provider", "other", "--set", "Keyway:Providers:other:AllowedOrigins:0=https://licence.example", .. device]))
            .ShouldFailInJson(ExitCode.NoLicense, "untrusted-url").Out.Should().Contain("licence.example");
        second.Requests.Should().BeEmpty();

        // The control: one that the user names is asked.
        await CommandRun.OfAsync(["license", manifest, "--license-url", second.Url.AbsoluteUri, .. device]);
        second.Requests.Should().NotBeEmpty();
    }

    // length 4 | records 2 | type 2 (1: a header) | length 2 | UTF-16
    private static byte[] WithUrl(byte[] pro, Uri url)
    {
        string header = Encoding.Unicode.GetString(pro.AsSpan(10)).Replace("</DATA>", $"<LA_URL>{url}</LA_URL></DATA>", StringComparison.Ordinal);
        byte[] text = Encoding.Unicode.GetBytes(header), longer = [.. pro[..10], .. text];
        BinaryPrimitives.WriteInt32LittleEndian(longer, longer.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(longer.AsSpan(8), (ushort)text.Length);
        return longer;
    }

    [GeneratedRegex("<mspr:pro>([^<]+)</mspr:pro>")]
    private static partial Regex Pro();

    [GeneratedRegex("<cenc:pssh>([^<]+)</cenc:pssh>")]
    private static partial Regex Pssh();
}
