using System.Security.Cryptography;
using System.Text;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>Keys from CPIX documents, on the command line. Every run is looked through for the content keys by <see cref="CommandRun"/>.</summary>
public sealed class CpixTests : IDisposable
{
    private const string NoVector = "00000000000000000000000000000000", Vector = "c34729abdde4820b841c05dbbaf1dc66";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("cenc")]
    [InlineData("cbcs")]
    public async Task Keys_of_a_document_give_the_same_bytes_as_keys_by_themselves(string scheme)
    {
        string[] input = scheme == "cenc" ? Sample.Segments("video-360") : [Sample.File("cbcs/video-360.mp4")];
        (await CommandRun.OfAsync(["decrypt", .. input, "--key", Sample.Held("HD"), "--to", _folder.File("key.mp4")])).ShouldEndWith(ExitCode.Done);
        CommandRun run = (await CommandRun.OfAsync(["decrypt", .. input, "--cpix", Plain(scheme, "HD", "SD", "AUDIO"), "--to", _folder.File("cpix.mp4"), "--json"])).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("warnings").GetArrayLength().Should().Be(0, "keys that a document has besides are no mistake");
        await ShouldBeSameAsync("cpix.mp4", "key.mp4");
        await Sample.ShouldHoldAsync(_folder.File("cpix.mp4"), "video-360");
    }

    [Theory]
    [InlineData("pskc.xml", "recipient.pem")]
    [InlineData("key.xml", "recipient-pkcs1.pem")]
    [InlineData("document-keys.xml", "recipient.pem")]
    public async Task Keys_for_a_recipient_are_opened_with_its_private_key(string document, string key)
    {
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/video-360.mp4"), "--cpix", Encrypted(document), "--cpix-key", Encrypted(key), "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "video-360");
    }

    [Fact]
    public async Task A_presentation_plays_with_the_keys_of_a_document_and_asks_nobody()
    {
        CommandRun run = (await CommandRun.OfAsync(["play", Sample.File("cbcs/manifest.mpd"), "--cpix", Plain("cbcs", "HD", "SD", "AUDIO"), "--to", _folder.File("out.mp4")])).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("The keys were given: no licence was needed").And.NotContain("--cpix");
        (await CommandRun.OfAsync(["play", Sample.File("cbcs/manifest.mpd"), "--key", Sample.Held("HD"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("key.mp4")])).ShouldEndWith(ExitCode.Done);
        await ShouldBeSameAsync("out.mp4", "key.mp4");
        (await CommandRun.OfAsync(["license", Sample.File("cbcs/manifest.mpd"), "--cpix", Encrypted("pskc.xml"), "--cpix-key", Encrypted("recipient.pem")])).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync(["play", Sample.File("cbcs/manifest.mpd"), "--cpix", Encrypted("pskc.xml"), "--to", _folder.File("no.mp4")])).ShouldEndWith(ExitCode.NoUsableKey);
        (await CommandRun.OfAsync(["play", Sample.File("cbcs/manifest.mpd"), "--cpix-key", Encrypted("recipient.pem"), "--to", _folder.File("no.mp4")])).ShouldEndWith(ExitCode.Usage);
    }

    [Fact]
    public async Task A_document_comes_by_standard_input_and_a_key_by_itself_comes_first()
    {
        string xml = await File.ReadAllTextAsync(Plain("cbcs", "AUDIO"), Cancel);
        (await CommandRun.OfAsync(["decrypt", Sample.File("cbcs/audio.mp4"), "--cpix", "-", "--to", _folder.File("out.mp4")], Encoding.UTF8.GetBytes(xml), Cancel)).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
        string wrong = xml.Replace(Convert.ToBase64String(Convert.FromHexString(Sample.Key("AUDIO"))), Convert.ToBase64String(new byte[16]), StringComparison.Ordinal);
        (await CommandRun.OfAsync(["decrypt", Sample.File("cbcs/audio.mp4"), "--cpix", "-", "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4"), "--force"], Encoding.UTF8.GetBytes(wrong), Cancel)).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Fact]
    public async Task What_gives_no_key_ends_with_its_reason_and_leaves_nothing()
    {
        string spoilt = Write("spoilt.xml", (await File.ReadAllTextAsync(Encrypted("pskc.xml"), Cancel)).Replace("<pskc:ValueMAC>", "<pskc:ValueMAC>AA", StringComparison.Ordinal));
        string request = Write("request.xml", $"<CPIX xmlns=\"urn:dashif:org:cpix\"><ContentKeyList><ContentKey kid=\"{Sample.Kid("HD")}\"/><ContentKey kid=\"{Sample.Kid("SD")}\"/></ContentKeyList></CPIX>");
        string dtd = Write("dtd.xml", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><CPIX xmlns=\"urn:dashif:org:cpix\">&b;</CPIX>");
        await FailsAsync(ExitCode.NoUsableKey, "no recipient's private key has opened it", "--cpix", Encrypted("pskc.xml"));
        await FailsAsync(ExitCode.NoUsableKey, "another's", "--cpix", Encrypted("pskc.xml"), "--cpix-key", Encrypted("stranger.pem"));
        await FailsAsync(ExitCode.NoUsableKey, "does not hold", "--cpix", spoilt, "--cpix-key", Encrypted("recipient.pem"));
        await FailsAsync(ExitCode.NoUsableKey, "this is a request", "--cpix", request);
        await FailsAsync(ExitCode.BadMedia, "DTD", "--cpix", dtd);
        await FailsAsync(ExitCode.BadMedia, "the root is not a CPIX element", "--cpix", Sample.Manifest);
        await FailsAsync(ExitCode.BadMedia, "at most 1 MiB", "--cpix", Write("large.xml", new string(' ', (1 << 20) + 1)));
        await FailsAsync(ExitCode.BadMedia, "is for cenc, and track 1 is protected with cbcs", "--cpix", Plain("cenc", "HD"));
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/video-360.mp4"), "--to", _folder.File("own.mp4"), "--cpix", Plain("cenc", "HD"), "--key", Sample.Held("HD"))).ShouldEndWith(ExitCode.Done);

        async Task FailsAsync(int code, string text, params string[] options)
        {
            CommandRun run = (await CommandRun.OfAsync(["decrypt", Sample.File("cbcs/video-360.mp4"), "--to", _folder.File("out.mp4"), "--json", .. options])).ShouldFailInJson(code, "cpix");
            run.Out.Should().Contain(text);
            File.Exists(_folder.File("out.mp4")).Should().BeFalse();
        }
    }

    [Fact]
    public async Task A_key_that_a_document_does_not_list_is_one_that_is_not_given() =>
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/video-360.mp4"), "--cpix", Plain("cbcs", "AUDIO"), "--to", _folder.File("out.mp4"), "--json")).ShouldFailInJson(ExitCode.NoUsableKey, "key");

    [Theory]
    [InlineData("passphrase", "recipient-encrypted.pem")]
    [InlineData("no private key", "pskc.xml")]
    [InlineData("--cpix-key", "nosuch.pem")]
    public async Task What_is_no_private_key_is_a_mistake_of_usage(string text, string file) =>
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/video-360.mp4"), "--cpix", Encrypted("pskc.xml"), "--cpix-key", Encrypted(file), "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(text);

    [Fact]
    public async Task Other_keys_in_pem_are_told_from_those_of_a_recipient()
    {
        using ECDsa elliptic = ECDsa.Create();
        using RSA rsa = RSA.Create(2048);
        foreach ((string pem, string text) in ((string, string)[])[(elliptic.ExportPkcs8PrivateKeyPem(), "not one RSA private key"), (rsa.ExportSubjectPublicKeyInfoPem(), "no private key"), (rsa.ExportPkcs8PrivateKeyPem().Replace("M", "*", StringComparison.Ordinal), "private key")])
        {
            CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/video-360.mp4"), "--cpix", Encrypted("pskc.xml"), "--cpix-key", Write("key.pem", pem), "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Usage);
            run.Error.Should().Contain(text);
            run.ShouldNotShow(pem.Split('\n')[1]);
        }
    }

    [Theory]
    [InlineData("are for --cpix", "--key", "1:00112233445566778899aabbccddeeff", "--cpix-key", "x.pem")]
    [InlineData("are for --cpix", "--key", "1:00112233445566778899aabbccddeeff", "--kid", "1")]
    [InlineData("one of them", "--cpix", "-", "--key-file", "-")]
    [InlineData("not fetched", "--cpix", "https://keys.example/cpix")]
    [InlineData("--cpix:", "--cpix", "nosuch.xml")]
    public async Task What_does_not_go_together_is_a_mistake_of_usage(string text, params string[] options) =>
        (await CommandRun.OfAsync(["decrypt", Sample.File("cbcs/video-360.mp4"), "--to", _folder.File("out.mp4"), .. options])).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(text);

    [Fact]
    public async Task Unneeded_documents_and_private_keys_that_others_may_read_are_warned_of()
    {
        string pem = Write("key.pem", await File.ReadAllTextAsync(Encrypted("recipient.pem"), Cancel));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(pem, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", $"1:{Sample.Key("AUDIO")}", "--cpix", Plain("cbcs", "HD"), "--cpix-key", pem, "--to", _folder.File("out.mp4"), "--json")).ShouldEndWith(ExitCode.Done);
        string warnings = run.Json.GetProperty("warnings").ToString();
        warnings.Should().Contain("no sample asked for a key of --cpix").And.Contain("nothing in the document is encrypted");
        if (!OperatingSystem.IsWindows()) warnings.Should().Contain("others may read");
    }

    [Fact]
    public async Task Segments_that_name_no_key_are_opened_with_the_only_one_or_the_one_that_is_named()
    {
        string[] segments = ["decrypt", Sample.File("hls/sample-aes/video-180-*.ts"), "--to"];
        (await CommandRun.OfAsync([.. segments, _folder.File("key.ts"), "--key", Sample.Key("SD"), "--iv", Vector])).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync([.. segments, _folder.File("one.ts"), "--cpix", Plain("cbcs", "SD"), "--iv", Vector])).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync([.. segments, _folder.File("named.ts"), "--cpix", Plain("cbcs", "SD", "HD"), "--kid", Sample.Kid("SD"), "--iv", Vector])).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync([.. segments, _folder.File("vector.ts"), "--cpix", Write("iv.xml", Document(Key("cbcs", "SD", $"explicitIV=\"{Convert.ToBase64String(Convert.FromHexString(Vector))}\""))), "--method", "sample-aes"])).ShouldEndWith(ExitCode.Done).ShouldNotShow(Vector);
        foreach (string file in (string[])["one.ts", "named.ts", "vector.ts"]) await ShouldBeSameAsync(file, "key.ts");
        (await CommandRun.OfAsync([.. segments, _folder.File("x.ts"), "--cpix", Plain("cbcs", "SD", "HD"), "--iv", Vector])).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--kid").And.Contain(Sample.Kid("SD"));
        (await CommandRun.OfAsync([.. segments, _folder.File("x.ts"), "--cpix", Plain("cbcs", "SD"), "--method", "sample-aes"])).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--iv");
        (await CommandRun.OfAsync([.. segments, _folder.File("x.ts"), "--cpix", Plain("cenc", "SD"), "--iv", Vector])).ShouldEndWith(ExitCode.BadMedia).Error.Should().Contain("is for cenc, and the content is protected with cbcs");
        (await CommandRun.OfAsync([.. segments, _folder.File("x.ts"), "--cpix", Plain("cbcs", "SD"), "--kid", Sample.Kid("HD"), "--iv", Vector])).ShouldEndWith(ExitCode.NoUsableKey).Error.Should().Contain("is not in it");
    }

    [Fact]
    public async Task A_rule_for_everything_chooses_the_key_of_segments_that_are_encrypted_as_a_whole()
    {
        string document = Write("rule.xml", Document(Key(null, "HD") + Key(null, "SD"), $"<ContentKeyUsageRuleList><ContentKeyUsageRule kid=\"{Guid.Parse(Sample.Kid("SD"))}\"/></ContentKeyUsageRuleList>"));
        (await CommandRun.OfAsync("decrypt", Sample.File("hls/aes-128/0.ts"), "--key", Sample.Key("SD"), "--iv", NoVector, "--method", "aes-128", "--to", _folder.File("key.ts"))).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync("decrypt", Sample.File("hls/aes-128/0.ts"), "--cpix", document, "--iv", NoVector, "--method", "aes-128", "--to", _folder.File("rule.ts"))).ShouldEndWith(ExitCode.Done);
        await ShouldBeSameAsync("rule.ts", "key.ts");
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("<ContentKeyUsageRuleList>{AUDIO:<AudioFilter/>}{HD:<VideoFilter/>}</ContentKeyUsageRuleList>", null)]
    [InlineData("<ContentKeyUsageRuleList>{AUDIO:}{HD:<VideoFilter minPixels=\"1\"/>}</ContentKeyUsageRuleList>", null)]
    [InlineData("<ContentKeyUsageRuleList>{AUDIO:<AudioFilter/>}{HD:}</ContentKeyUsageRuleList>", "two keys are for one track and time")]
    [InlineData("<ContentKeyUsageRuleList>{AUDIO:<AudioFilter minChannels=\"2\"/>}</ContentKeyUsageRuleList>", "the number of channels")]
    [InlineData("<ContentKeyUsageRuleList>{AUDIO:<NewFilter/>}</ContentKeyUsageRuleList>", "no usage rule is for such a track")]
    public async Task A_track_that_names_no_key_gets_the_one_of_the_rules(string rules, string? refusal)
    {
        // Zeros in tenc: a file that leaves it to others to say which key it is.
        byte[] file = await File.ReadAllBytesAsync(Sample.File("cbcs/audio.mp4"), Cancel);
        byte[] kid = Convert.FromHexString(Sample.Kid("AUDIO"));
        int tenc = file.AsSpan().IndexOf("tenc"u8), at = tenc + file.AsSpan(tenc).IndexOf(kid);
        file.AsSpan(at, 16).Clear();
        rules = rules.Replace("{AUDIO:", $"<ContentKeyUsageRule kid=\"{Guid.Parse(Sample.Kid("AUDIO"))}\">", StringComparison.Ordinal)
            .Replace("{HD:", $"<ContentKeyUsageRule kid=\"{Guid.Parse(Sample.Kid("HD"))}\">", StringComparison.Ordinal).Replace("}", "</ContentKeyUsageRule>", StringComparison.Ordinal);
        string document = Write("rules.xml", Document(Key("cbcs", "AUDIO") + (rules.Length == 0 ? "" : Key("cbcs", "HD")), rules));
        CommandRun run = await CommandRun.OfAsync("decrypt", _folder.Write("in.mp4", file), "--cpix", document, "--to", _folder.File("out.mp4"), "--json");
        if (refusal is not null)
        {
            run.Code.Should().BeOneOf(ExitCode.NoUsableKey, ExitCode.BadMedia);
            run.Out.Should().Contain(refusal);
            File.Exists(_folder.File("out.mp4")).Should().BeFalse();
            return;
        }

        run.ShouldEndWith(ExitCode.Done).Json.GetProperty("warnings").GetArrayLength().Should().Be(rules.Contains("minPixels", StringComparison.Ordinal) ? 1 : 0, "of rules that give two keys elsewhere a note says so");
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Fact]
    public async Task Inspect_shows_a_document_without_its_keys()
    {
        string vector = Convert.ToBase64String(Convert.FromHexString(Sample.Key("SD")));
        string data = Convert.ToBase64String(Encoding.UTF8.GetBytes($"#EXT-X-KEY:METHOD=AES-128,URI=\"data:text/plain;base64,{vector}\""));
        string skd = Convert.ToBase64String(Encoding.UTF8.GetBytes($"#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT=\"com.apple.streamingkeydelivery\",URI=\"skd://{Sample.Kid("SD")}:{Sample.Key("SD")}\",IV=0x{Sample.Key("SD")}"));
        string pssh = Convert.ToBase64String([0, 0, 0, 0x34, .. "pssh"u8, 1, 0, 0, 0, .. Guid.Parse("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b").ToByteArray(bigEndian: true), 0, 0, 0, 1, .. Convert.FromHexString(Sample.Kid("SD")), 0, 0, 0, 0]);
        string document = Write("film.xml", Document(Key("cbcs", "SD", $"explicitIV=\"{vector}\"") + $"<ContentKey kid=\"{Guid.Parse(Sample.Kid("HD"))}\"/>", $"""
            <DRMSystemList>
              <DRMSystem systemId="81376844-f976-481e-a84e-cc25d39b0b33" kid="{Guid.Parse(Sample.Kid("SD"))}"><HLSSignalingData playlist="media">{data}</HLSSignalingData><URIExtXKey>{Convert.ToBase64String(Encoding.UTF8.GetBytes("https://user:secret@keys.example/path?token=1"))}</URIExtXKey></DRMSystem>
              <DRMSystem systemId="94ce86fb-07ff-4f43-adb8-93d2fa968ca2" kid="{Guid.Parse(Sample.Kid("SD"))}"><HLSSignalingData playlist="multiVariant">{skd}</HLSSignalingData></DRMSystem>
              <DRMSystem systemId="1077efec-c0b2-4d02-ace3-3c1e52e2fb4b" kid="{Guid.Parse(Sample.Kid("SD"))}"><PSSH>{pssh}</PSSH></DRMSystem>
            </DRMSystemList>
            <ContentKeyPeriodList><ContentKeyPeriod id="p" index="3" start="2026-01-01T00:00:00Z" end="2026-01-01T01:00:00Z"/></ContentKeyPeriodList>
            <ContentKeyUsageRuleList><ContentKeyUsageRule kid="{Guid.Parse(Sample.Kid("SD"))}" intendedTrackType="VIDEO"><KeyPeriodFilter periodId="p"/><VideoFilter maxPixels="1000" minFps="24" hdr="false"/></ContentKeyUsageRule></ContentKeyUsageRuleList>
            """));
        string text = (await CommandRun.OfAsync("inspect", document)).ShouldEndWith(ExitCode.Done).ShouldNotShow("secret", "token").Out;
        text.Should().Contain("in the clear").And.Contain("not there").And.Contain("with an IV").And.Contain("https://keys.example/…").And.Contain("skd:…").And.Contain("number 3")
            .And.Contain("(VIDEO): KeyPeriodFilter p; VideoFilter up to 1000 above 24 fps no HDR").And.Contain("common");
        CommandRun json = (await CommandRun.OfAsync("inspect", document, "--json")).ShouldEndWith(ExitCode.Done).ShouldNotShow("secret", "token");
        json.Json.GetProperty("kind").GetString().Should().Be("cpix");
        json.Json.GetProperty("contentKeys").EnumerateArray().Select(static key => key.GetProperty("state").GetString()).Should().Equal("clear", "absent");
        json.Json.GetProperty("systems")[2].GetProperty("headers")[0].GetProperty("decoded").GetProperty("kids")[0].GetString().Should().Be(Sample.Kid("SD"), "a configured key system reads it");
    }

    [Fact]
    public async Task Inspect_shows_recipients_and_says_what_is_wrong_with_a_document()
    {
        string text = (await CommandRun.OfAsync("inspect", Encrypted("document-keys.xml"))).ShouldEndWith(ExitCode.Done).Out;
        text.Should().Contain("CN=packager.example").And.Contain("RSA 2048").And.Contain("3 document keys").And.Contain("encrypted");
        (await CommandRun.OfAsync("inspect", Write("dtd.xml", "<?xml version=\"1.0\"?><!-- a --><!DOCTYPE CPIX [<!ENTITY b \"c\">]><CPIX xmlns=\"urn:dashif:org:cpix\"/>"), "--json")).ShouldFailInJson(ExitCode.BadMedia, "cpix").Out.Should().Contain("DTD");
        (await CommandRun.OfAsync("inspect", Write("two.xml", Document(Key(null, "HD") + Key(null, "HD"))), "--json")).ShouldFailInJson(ExitCode.BadMedia, "cpix").Out.Should().Contain("is there twice");
        (await CommandRun.OfAsync("inspect", Write("large.xml", Document(new string(' ', 1 << 20))), "--json")).ShouldFailInJson(ExitCode.BadMedia, "cpix").Out.Should().Contain("1 MiB");
        (await CommandRun.OfAsync("inspect", Write("cut.xml", Document(Key(null, "HD"))[..^8]), "--json")).ShouldFailInJson(ExitCode.BadMedia, "cpix").Out.Should().Contain("not well-formed");
        (await CommandRun.OfAsync("inspect", Write("other.xml", "<CPIXX/>"), "--json")).ShouldFailInJson(ExitCode.BadMedia, "manifest");
    }

    /// <summary>A document that says everything that can be said.</summary>
    internal static string Everything()
    {
        string text = File.ReadAllText(Encrypted("document-keys.xml")), kid = Guid.Parse(Sample.Kid("HD")).ToString(), end = "</cpix:CPIX>";
        string widevine = Convert.ToBase64String([0, 0, 0, 0x32, .. "pssh"u8, 0, 0, 0, 0, .. Guid.Parse("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed").ToByteArray(bigEndian: true), 0, 0, 0, 18, 0x12, 16, .. Convert.FromHexString(Sample.Kid("HD"))]);
        return text.Replace("<cpix:ContentKey ", $"<cpix:ContentKey dependsOnKey=\"{kid}\" contentId=\"part\" commonEncryptionScheme=\"cbcs\" ", StringComparison.Ordinal).Replace(end, "", StringComparison.Ordinal) + $"""
            <cpix:DRMSystemList><cpix:DRMSystem kid="{kid}" systemId="edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"><cpix:PSSH>{widevine}</cpix:PSSH>
            <cpix:HLSSignalingData playlist="media">{Convert.ToBase64String("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",KEYFORMAT=\"com.apple.streamingkeydelivery\""u8)}</cpix:HLSSignalingData></cpix:DRMSystem></cpix:DRMSystemList>
            <cpix:ContentKeyPeriodList><cpix:ContentKeyPeriod id="p" index="1" label="l" start="2026-01-01T00:00:00Z" end="2026-01-01T01:00:00Z" startOffset="PT0S" endOffset="PT1H"/></cpix:ContentKeyPeriodList>
            <cpix:ContentKeyUsageRuleList><cpix:ContentKeyUsageRule kid="{kid}" intendedTrackType="VIDEO"><cpix:KeyPeriodFilter periodId="p"/><cpix:LabelFilter label="l"/>
            <cpix:VideoFilter minPixels="1" maxPixels="2" minFps="24" maxFps="30" hdr="true" wcg="false"/></cpix:ContentKeyUsageRule></cpix:ContentKeyUsageRuleList>{end}
            """;
    }

    private static string Encrypted(string name) => Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Cpix", "Vectors", name);

    private static string Document(string keys, string more = "") => $"<CPIX xmlns=\"urn:dashif:org:cpix\" xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\"><ContentKeyList>{keys}</ContentKeyList>{more}</CPIX>";

    private static string Key(string? scheme, string label, string attributes = "") =>
        $"<ContentKey kid=\"{Guid.Parse(Sample.Kid(label))}\" {(scheme is null ? "" : $"commonEncryptionScheme=\"{scheme}\"")} {attributes}><Data><pskc:Secret><pskc:PlainValue>{Convert.ToBase64String(Convert.FromHexString(Sample.Key(label)))}</pskc:PlainValue></pskc:Secret></Data></ContentKey>";

    private string Plain(string scheme, params string[] labels) => Write("plain.xml", Document(string.Concat(labels.Select(label => Key(scheme, label)))));

    private string Write(string name, string text) => _folder.Write(name, text);

    private async Task ShouldBeSameAsync(string one, string other)
    {
        byte[] first = await File.ReadAllBytesAsync(_folder.File(one), Cancel), second = await File.ReadAllBytesAsync(_folder.File(other), Cancel);
        first.AsSpan().SequenceEqual(second).Should().BeTrue($"{one} is {other}");
    }
}
