using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.KeyFiles;

/// <summary>Keys that are files at an address: who is asked for them, how often, and what becomes of them.</summary>
public sealed class KeyFileSystemTests
{
    private const string Url = "https://a.example/keys/1.bin?token=of-this-viewer";

    [Fact]
    public async Task Key_comes_by_an_exchange_like_any_other_and_is_zeroed_with_the_presentation()
    {
        KeyFileBench bench = new();
        bench.Server.Page(Url, SegmentMessages.Key);
        await bench.OpenAsync(KeyFileBench.Key(Url));
        await Eventually.Is(() => bench.Facts.OfType<KeysChanged>().Any());
        bench.Facts.Select(static fact => fact.GetType()).Should().Equal(typeof(ProtectionDetected), typeof(LicenseNeeded), typeof(LicenseReceived), typeof(KeysChanged));
        SessionReport report = bench.Files.Reports.Should().ContainSingle().Subject;
        (report.KeySystem, report.KeyFile, report.LicenseUrl, report.State).Should().Be(("identity", "https://a.example/keys/1.bin", "https://a.example/keys/1.bin", SessionState.Usable));
        report.Keys.Should().ContainSingle().Which.Policy.Output.ClearExport.Should().BeTrue();
        bench.Memory.Live.Should().Be(1);
        await bench.DisposeAsync();
        bench.Memory.ShouldBeCleanAfter(keys: 1);
    }

    [Fact]
    public async Task Identifier_is_of_method_and_address_alone_and_the_same_everywhere()
    {
        SegmentKey key = KeyFileBench.Key(Url);
        key.Id.Should().Be(KeyFileBench.Key(Url, vector: new byte[16]).Id, "a vector is none of the key's");
        KeyFileBench.Key(Url, SegmentKeyMethod.SampleAes).Id.Should().NotBe(key.Id);
        KeyFileBench.Key(Url + "x").Id.Should().NotBe(key.Id);
        // By sha256sum of what the identifier is made of.
        key.Id.ToString().Should().Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes($"key file\nAES-128\n{Url}")))[..32]);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Everybody_who_needs_a_key_shares_one_request_whatever_the_vector()
    {
        await using KeyFileBench bench = new();
        using SemaphoreSlim answer = new(0);
        bench.Server.On(Url, request =>
        {
            answer.Wait(TestContext.Current.CancellationToken);
            return FakeServer.Serve(request, SegmentMessages.Key, ranges: false, tag: null);
        });
        Task[] readers = [.. Enumerable.Range(0, 20).Select(i => Task.Run(() => bench.OpenAsync(KeyFileBench.Key(Url, vector: Bytes.Random(16, i)))))];
        bench.Files.Announce(KeyFileBench.Key(Url), bench.Origin);
        answer.Release();
        await Task.WhenAll(readers);
        bench.Asked(Url).Should().Be(1);
        await bench.OpenAsync(KeyFileBench.Key(Url));
        bench.Asked(Url).Should().Be(1);
        bench.Memory.Allocated.Should().Be(1);
    }

    [Fact]
    public async Task What_is_announced_is_asked_for_before_anybody_needs_it_and_once()
    {
        await using KeyFileBench bench = new();
        bench.Server.Page(Url, SegmentMessages.Key);
        for (int i = 0; i < 5; i++) bench.Files.Announce(KeyFileBench.Key(Url, vector: Bytes.Random(16, i)), bench.Origin);
        await Eventually.Is(() => bench.Files.Reports is [{ State: SessionState.Usable }]);
        await bench.OpenAsync(KeyFileBench.Key(Url));
        bench.Asked(Url).Should().Be(1);
    }

    [Fact]
    public async Task Key_files_of_samples_are_not_asked_for_ahead_where_a_key_system_may_open_them()
    {
        await using KeyFileBench bench = new();
        bench.Files.HasKeySystem = true;
        bench.Server.Page(Url, SegmentMessages.Key);
        bench.Files.Announce(KeyFileBench.Key(Url, SegmentKeyMethod.SampleAes), bench.Origin);
        bench.Files.Announce(KeyFileBench.Key(Url), bench.Origin);
        await Eventually.Is(() => bench.Files.Reports is [{ State: SessionState.Usable }]);
        bench.Asked(Url).Should().Be(1);
    }

    [Fact]
    public async Task What_failed_is_asked_for_again_by_the_next_who_needs_it()
    {
        await using KeyFileBench bench = new();
        (await bench.FailAsync(KeyFileBench.Key(Url))).Kind.Should().Be(LicenseErrorKind.KeyNotFound);
        bench.Asked(Url).Should().Be(1);
        bench.Server.Page(Url, SegmentMessages.Key);
        await bench.OpenAsync(KeyFileBench.Key(Url));
        bench.Asked(Url).Should().Be(2);
    }

    [Fact]
    public async Task Live_a_key_that_comes_late_is_waited_for()
    {
        await using KeyFileBench bench = new();
        bench.Files.IsLive = true;
        int asked = 0;
        bench.Server.On(Url, request => ++asked < 4 ? new HttpResponseMessage(System.Net.HttpStatusCode.NotFound) : FakeServer.Serve(request, SegmentMessages.Key, ranges: false, tag: null));
        await bench.OpenAsync(KeyFileBench.Key(Url));
        asked.Should().Be(4);
    }

    [Theory]
    [InlineData(403, LicenseErrorKind.TokenInvalid, "the key file https://a.example/keys/1.bin: the server answered 403")]
    [InlineData(404, LicenseErrorKind.KeyNotFound, "the key file https://a.example/keys/1.bin: the server answered 404")]
    [InlineData(503, LicenseErrorKind.ServerFault, "the key file https://a.example/keys/1.bin: the server answered 503 (3 tries)")]
    public async Task Status_that_says_no_is_told_with_the_address(int status, LicenseErrorKind kind, string text)
    {
        await using KeyFileBench bench = new();
        bench.Server.On(Url, _ => new HttpResponseMessage((System.Net.HttpStatusCode)status));
        KeyUnavailableException failure = await bench.FailAsync(KeyFileBench.Key(Url));
        (failure.Message, failure.Kind, failure.Reason).Should().Be((text, kind, KeyUnavailableReason.LicenseFailed));
        bench.Facts.OfType<SessionFailed>().Should().NotBeEmpty();
    }

    [Fact]
    public async Task Answer_that_is_no_key_is_told_for_what_it_is_and_nothing_longer_is_read()
    {
        await using KeyFileBench bench = new();
        bench.Server.Page(Url, Encoding.UTF8.GetBytes("<html>" + new string(' ', 1 << 20)));
        (await bench.FailAsync(KeyFileBench.Key(Url))).Message.Should().Be("the key file https://a.example/keys/1.bin: it looks like a page of HTML: the server did not say no, and sent something else than the key");
        bench.Server.Page(Url, Bytes.Random(1 << 20, 1));
        (await bench.FailAsync(KeyFileBench.Key(Url))).Message.Should().Be("the key file https://a.example/keys/1.bin: it has more than 64 bytes, and a key has 16");
        bench.Server.Page(Url, Bytes.Random(32, 1));
        (await bench.FailAsync(KeyFileBench.Key(Url))).Message.Should().Contain("32 bytes");
        bench.Memory.Allocated.Should().Be(0);
    }

    [Fact]
    public async Task Data_uri_is_read_without_a_request()
    {
        await using KeyFileBench bench = new();
        await bench.OpenAsync(KeyFileBench.Key("data:text/plain;base64," + Convert.ToBase64String(SegmentMessages.Key)));
        bench.Server.Requests.Should().BeEmpty();
        bench.Facts.OfType<LicenseNeeded>().Should().BeEmpty();
        (await bench.FailAsync(KeyFileBench.Key("data:text/plain;base64," + Convert.ToBase64String(Bytes.Random(20, 1))))).Message.Should().Be("the key file data:…: it has 20 bytes, and a key has 16");
        (await bench.FailAsync(KeyFileBench.Key("data:text/plain;base64,*"))).Message.Should().Be("the key file data:…: it says that it is base64, and is none");
        (await bench.FailAsync(KeyFileBench.Key($"data:,{new string('a', KeyFileLimits.DataUri - 5)}"))).Message.Should().Be("the key file data:…: it is longer than any key");
        (await bench.FailAsync(KeyFileBench.Key($"data:,{new string('a', KeyFileLimits.DataUri - 6)}"))).Message.Should().Contain("more than 64 bytes");
    }

    [Theory]
    [InlineData("skd://asset/1", "addresses of scheme 'skd' are not read")]
    [InlineData("file:///etc/hostname", "what comes over http may name only http and https")]
    [InlineData("http://a.example/k", "what comes over https names no key that comes over http")]
    [InlineData("http://localhost/k", "what comes over https names no key that comes over http")]
    public async Task Address_that_content_may_not_name_is_refused_and_nothing_is_asked(string uri, string reason)
    {
        await using KeyFileBench bench = new();
        KeyUnavailableException failure = await bench.FailAsync(KeyFileBench.Key(uri));
        failure.Message.Should().EndWith($": {reason}; nothing was asked");
        failure.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        bench.Server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Http_names_http_and_https_and_no_redirect_leads_out_of_https()
    {
        await using KeyFileBench bench = new("http://a.example/p/master.m3u8");
        bench.Server.Page("http://b.example/k", SegmentMessages.Key).Page("https://b.example/k", SegmentMessages.Key).Redirect("https://b.example/out", "http://b.example/k");
        await bench.OpenAsync(KeyFileBench.Key("http://b.example/k"));
        await bench.OpenAsync(KeyFileBench.Key("https://b.example/k"));
        (await bench.FailAsync(KeyFileBench.Key("https://b.example/out"))).Message.Should().Contain("a redirect from https to http");
    }

    [Fact]
    public async Task Headers_and_cookies_go_where_those_of_segments_go()
    {
        const string other = "https://b.example/k", third = "https://c.example/k";
        SourceOptions options = new() { Headers = [new("X-Token", "of-content")], HeadersFor = [new OriginHeader(new Uri("https://c.example"), "X-Token", "of-c")] };
        await using KeyFileBench bench = new(options: options);
        bench.Server.Page(Url, SegmentMessages.Key).Page(other, SegmentMessages.Key).Redirect(third, other);
        foreach (string url in new[] { Url, other, third }) await bench.OpenAsync(KeyFileBench.Key(url));
        bench.Server.Requests.Select(static request => (request.Url, request.Token)).Should().Equal((Url, "of-content"), (other, null), (third, "of-c"), (other, null));
        bench.Server.NamedBy.Should().OnlyContain(static by => by == "a.example", "a handler lets these connect to public addresses only");
        bench.Server.Headers.Should().OnlyContain(static headers => headers["Accept-Encoding"] == "identity");
    }

    [Fact]
    public async Task A_playlist_in_a_file_has_key_files_below_its_folder_and_nowhere_else()
    {
        string folder = Directory.CreateTempSubdirectory("keyway-keys-").FullName;
        try
        {
            string playlist = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "p")).FullName, "master.m3u8");
            await File.WriteAllBytesAsync(Path.Combine(folder, "p", "in.bin"), SegmentMessages.Key, TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(Path.Combine(folder, "out.bin"), SegmentMessages.Key, TestContext.Current.CancellationToken);
            await using KeyFileBench bench = new(new Uri(playlist).AbsoluteUri);
            await bench.OpenAsync(KeyFileBench.Key(new Uri(Path.Combine(folder, "p", "in.bin")).AbsoluteUri));
            (await bench.FailAsync(KeyFileBench.Key(new Uri(Path.Combine(folder, "out.bin")).AbsoluteUri))).Message.Should().EndWith("a file may name only files below its own folder; nothing was asked");
            (await bench.FailAsync(KeyFileBench.Key(new Uri(Path.Combine(folder, "p", "none.bin")).AbsoluteUri))).Message.Should().EndWith("none.bin: there is no such file");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Keys_that_the_caller_holds_come_first_and_nothing_is_asked()
    {
        using RawMediaKeys held = new();
        held.Add(new Uri(Url), SegmentMessages.Key);
        held.Add(KeyFileBench.Key("https://a.example/2").Id, SegmentMessages.Key);
        held.Add(new Uri("https://a.example/never"), Bytes.Random(16, 1));
        held.UnusedAddresses.Should().HaveCount(2);
        await using KeyFileBench bench = new(held: held);
        bench.Server.Page(Url, Bytes.Random(16, 1));
        bench.Files.Announce(KeyFileBench.Key(Url), bench.Origin);
        await bench.OpenAsync(KeyFileBench.Key(Url));
        await bench.OpenAsync(KeyFileBench.Key("https://a.example/2"));
        await bench.OpenAsync(KeyFileBench.Key("data:;base64," + Convert.ToBase64String(SegmentMessages.Key)));
        bench.Server.Requests.Should().BeEmpty();
        held.UnusedAddresses.Should().Equal(new Uri("https://a.example/never"));
        held.UnusedKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task Samples_are_opened_by_the_key_of_their_segment_whatever_they_call_it()
    {
        const string other = "https://a.example/other";
        await using KeyFileBench bench = new();
        byte[] second = Bytes.Random(16, 5);
        bench.Server.Page(Url, SegmentMessages.Key).Page(other, second);
        KeyId kid = Bytes.Id(77);
        // Two keys of one name, as a packager writes them whose initialisation segment does not change with its keys.
        foreach ((string url, byte[] key) in new[] { (Url, SegmentMessages.Key), (other, second), (Url, SegmentMessages.Key) })
        {
            SegmentKey said = KeyFileBench.Key(url, SegmentKeyMethod.SampleAes);
            using IFragmentDecryptor fragment = await bench.Files.LeaseSamplesAsync(said, [kid], OutputCapabilities.None, TestContext.Current.CancellationToken);
            byte[] clear = Bytes.Random(64, 3), sample = SegmentMessages.Encrypt(clear, padding: System.Security.Cryptography.PaddingMode.None, key: key);
            SampleProtection protection = new() { Scheme = ProtectionScheme.Cbcs, KeyId = said.Id, InitializationVector = SegmentMessages.Vector };
            fragment.Decrypt(sample, protection).Should().Be(DecryptStatus.Decrypted);
            sample.Should().Equal(clear);
        }

        bench.Server.Requests.Should().HaveCount(2);
        bench.Files.Reports.Should().OnlyContain(report => report.Keys.Count == 1 && report.Keys[0].Id == kid && report.Wanted.Count == 1 && report.Wanted[0] == kid, "it is the content's name that counts");
    }

    [Fact]
    public async Task Data_uri_that_may_hold_an_identifier_is_tried_and_noted()
    {
        await using KeyFileBench bench = new();
        KeyId.TryRead(SegmentMessages.Key, out KeyId same).Should().BeTrue();
        SegmentKey inline = KeyFileBench.Key("data:text/plain;base64," + Convert.ToBase64String(SegmentMessages.Key), SegmentKeyMethod.SampleAes);
        (await bench.Files.LeaseSamplesAsync(inline, [same], OutputCapabilities.None, TestContext.Current.CancellationToken)).Dispose();
        (await bench.Files.LeaseSamplesAsync(inline, [same], OutputCapabilities.None, TestContext.Current.CancellationToken)).Dispose();
        bench.Notes.Should().ContainSingle().Which.Should().StartWith("media.m3u8 line 5, EXT-X-KEY: the data: URI holds the identifier that the samples have for their key");
        SegmentKey bare = KeyFileBench.Key("data:;base64," + Convert.ToBase64String(Bytes.Random(16, 8)), SegmentKeyMethod.SampleAes);
        (await bench.Files.LeaseSamplesAsync(bare, [bare.Id], OutputCapabilities.None, TestContext.Current.CancellationToken)).Dispose();
        bench.Notes.Should().HaveCount(2).And.Subject.Last().Should().Contain("some packagers write the key's identifier by mistake");
        SegmentKey named = KeyFileBench.Key("data:;base64," + Convert.ToBase64String(Bytes.Random(16, 9)), SegmentKeyMethod.SampleAes);
        (await bench.Files.LeaseSamplesAsync(named, [Bytes.Id(3)], OutputCapabilities.None, TestContext.Current.CancellationToken)).Dispose();
        bench.Notes.Should().HaveCount(2, "what is not the identifier that the samples have is a key");
    }

    [Fact]
    public async Task Of_very_many_keys_those_that_were_used_last_are_kept()
    {
        await using KeyFileBench bench = new();
        for (int i = 0; i < KeyFileLimits.Kept + 40; i++)
        {
            bench.Server.Page($"https://a.example/{i}", SegmentMessages.Key);
            await bench.OpenAsync(KeyFileBench.Key($"https://a.example/{i}"));
            // One that is used again and again stays.
            await bench.OpenAsync(KeyFileBench.Key("https://a.example/0"));
        }

        await Eventually.Is(() => bench.Memory.Live <= KeyFileLimits.Kept);
        bench.Files.Reports.Count.Should().BeLessThanOrEqualTo(KeyFileLimits.Kept);
        bench.Asked("https://a.example/0").Should().Be(1);
        await bench.OpenAsync(KeyFileBench.Key("https://a.example/1"));
        bench.Asked("https://a.example/1").Should().Be(2, "what was given up is asked for again");
    }

    [Fact]
    public async Task Sink_that_opens_samples_itself_gets_no_clear_segment()
    {
        await using KeyFileBench bench = new(sink: OutputCapabilities.None with { Kind = SinkKind.Module });
        bench.Server.Page(Url, SegmentMessages.Key);
        (await bench.FailAsync(KeyFileBench.Key(Url))).Reason.Should().Be(KeyUnavailableReason.NotForSink);
    }

    [Fact]
    public async Task Key_format_that_is_not_that_of_files_is_refused_by_its_name()
    {
        await using KeyFileBench bench = new();
        SegmentKey foreign = KeyFileBench.Key(Url) with { Format = "com.apple.streamingkeydelivery" };
        bench.Files.Announce(foreign, bench.Origin);
        Func<Task> lease = () => bench.Files.LeaseAsync(foreign, bench.Origin, TestContext.Current.CancellationToken).AsTask();
        (await lease.Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("AES-128 with the key format 'com.apple.streamingkeydelivery'").And.Contain("line 5");
        bench.Server.Requests.Should().BeEmpty();
    }

    [Fact]
    public void Header_says_method_and_address_and_is_read_as_it_was_written()
    {
        SegmentKey key = KeyFileBench.Key(Url);
        ProtectionHeader header = KeyFileHeader.Of(key.Id, key.MethodName, key.Uri);
        InitializationData data = new() { Kind = InitializationDataKind.None, System = header.System, Payload = header.Data };
        ProtectionHeader read = new KeyFileSystem().ParseHeader(data);
        (read.LicenseUrl, read.KeyIds[0], read.ContentId).Should().Be((key.Uri, key.Id, "https://a.example/keys/1.bin"));
        key.ToString().Should().Contain("https://a.example/keys/1.bin,").And.NotContain("token");
        foreach (string wrong in new[] { "", "AES-128", "AES-256\nhttps://a.example", "AES-128\nrelative", "AES-128\nhttps://a.example\n" })
        {
            Action parse = () => new KeyFileSystem().ParseHeader(data with { Payload = Encoding.UTF8.GetBytes(wrong) });
            parse.Should().Throw<ProtectionHeaderException>();
        }
    }

    [Fact]
    public async Task Nothing_is_asked_when_the_presentation_is_over()
    {
        KeyFileBench bench = new();
        bench.Server.Page(Url, SegmentMessages.Key);
        await bench.Files.DisposeAsync();
        bench.Files.Announce(KeyFileBench.Key(Url), bench.Origin);
        Func<Task> lease = () => bench.Files.LeaseAsync(KeyFileBench.Key(Url), bench.Origin, TestContext.Current.CancellationToken).AsTask();
        await lease.Should().ThrowAsync<ObjectDisposedException>();
        bench.Transport.Should().BeNull("no ring was made for it");
        bench.Server.Requests.Should().BeEmpty();
        await bench.DisposeAsync();
    }

    [Fact]
    public async Task No_key_is_in_anything_that_is_said()
    {
        byte[] served = Bytes.Random(16, 11), inline = Bytes.Random(16, 12), wrong = Bytes.Random(20, 13), printed = Bytes.Random(16, 14);
        LeakScan scan = new();
        foreach ((string name, byte[] key) in new[] { ("served", served), ("inline", inline), ("of another length", wrong), ("in digits", printed) }) scan.Plant(name, key);
        scan.Plant("token of the address", "of-this-viewer");
        using (LeakRecorder recorder = new(scan))
        {
            await using KeyFileBench bench = new();
            bench.Server.Page(Url, served).Page("https://a.example/2", wrong).Page("https://a.example/3", Encoding.ASCII.GetBytes(Convert.ToHexString(printed)));
            (await bench.Files.LeaseAsync(KeyFileBench.Key(Url), bench.Origin, TestContext.Current.CancellationToken)).Dispose();
            SegmentKey data = KeyFileBench.Key("data:;base64," + Convert.ToBase64String(inline), SegmentKeyMethod.SampleAes);
            (await bench.Files.LeaseSamplesAsync(data, [default], OutputCapabilities.None, TestContext.Current.CancellationToken)).Dispose();
            foreach (string url in new[] { "https://a.example/2", "https://a.example/3", "data:;base64," + Convert.ToBase64String(wrong), "https://a.example/none?token=of-this-viewer" })
            {
                KeyUnavailableException failure = await bench.FailAsync(KeyFileBench.Key(url));
                scan.Add("exception", failure);
                scan.AddValue("exception", failure);
            }

            scan.Add("statement", data.ToString());
            ProtectionHeader header = KeyFileHeader.Of(data.Id, data.MethodName, data.Uri);
            scan.Add("header", header.ToString());
            foreach (HeaderFact said in header.Facts) scan.AddValue("header", said);
            foreach (SessionReport report in bench.Files.Reports) scan.AddValue("report", report);
            foreach (object fact in bench.Facts) scan.AddValue("fact", fact);
            foreach (string note in bench.Notes) scan.Add("note", note);
        }

        scan.Count.Should().BeGreaterThan(20);
        scan.Check();
    }
}
