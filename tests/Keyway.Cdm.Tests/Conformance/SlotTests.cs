using System.Text;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>Every method both ways stands in the slot that the interface gives it: the fake module numbers its slots itself, and writes down what was called.</summary>
public sealed class SlotTests
{
    private const string Kid = "000102030405060708090a0b0c0d0e0f";
    private const string Key = "101112131415161718191a1b1c1d1e1f";

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public async Task Every_method_of_the_module_is_called_in_its_slot_and_with_what_it_is_called_with(int version)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        LoadedModule loaded = await child.LoadAsync(child.Script(
            $"accept {version}", $"key {Kid} {Key}", "on CreateSession session; after 0; challenge; outputs; storage-id 1; after 5; note timer"));
        loaded.Interface.Should().Be(version);
        loaded.Version.Should().Be("fake 1.0");
        await child.InitializeAsync(distinctiveIdentifier: true, persistentState: false);

        (await child.CallAsync(FrameType.GetPolicyStatus, frame => frame.U32(8))).Type.Should().Be(FrameType.PolicyStatus);
        (await child.CallAsync(FrameType.SetServerCertificate, frame => frame.Bytes([1, 2, 3]))).Type.Should().Be(FrameType.Resolved);
        string session = await child.CreateSessionAsync(new byte[] { 4, 5 }, CdmInitDataType.WebM);
        (await child.CallAsync(FrameType.LoadSession, frame =>
        {
            frame.U32((uint)CdmSessionType.PersistentLicense);
            frame.Text("old");
        })).Type.Should().Be(FrameType.SessionResolved);
        (await child.UpdateAsync(session, "xyz")).Type.Should().Be(FrameType.Resolved);
        (await child.SessionCallAsync(FrameType.RemoveSession, session)).Type.Should().Be(FrameType.Resolved);
        (await child.SessionCallAsync(FrameType.CloseSession, session)).Type.Should().Be(FrameType.Resolved);
        byte[] vector = [1, 2, 3, 4, 5, 6, 7, 8];
        (await child.DecryptAsync(0, CdmScheme.Cenc, Convert.FromHexString(Kid), (0, 0), new BatchItem(new byte[50], vector, (10, 40)))).Status.Should().Be(CdmStatus.Success);
        await Testing.Eventually.Is(() => child.Log.Contains("timer"));
        child.Send(FrameType.End, 0);
        (await child.ExitAsync()).Should().Be(0);

        string[] log = child.Log;
        log.Where(line => line.StartsWith("> ", StringComparison.Ordinal)).Distinct().Should()
            .BeEquivalentTo(((int[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18, 19]).Select(slot => $"> {slot}"), "each is called, those that decode are not, and none on another thread");
        log.Should().Contain(
        [
            "key system org.w3.clearkey", $"create {version}", $"host {version} given, host 9 none, host 12 none", "initialize True 1 0 0",
            "policy 3 8", "certificate 4 010203", "create-session 5 0 2 0405", "load-session 6 1 old", "update-session 7 S1 3", "remove-session 8 S1", "close-session 9 S1",
            $"challenge-response {new string('0', 2 * 6 * nint.Size)}", "outputs 1 0 0", "storage-id 1 null 0",
            "decrypt 50 bytes, scheme 1, key id 16, vector 16 01020304050607080000000000000000, subsamples 1, pattern 0:0, time 0",
        ]);
        log.Should().NotContain("the host called a destructor");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public async Task Every_method_of_the_host_is_in_its_slot_and_is_told_with_what_it_was_called_with(int version)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(
            $"accept {version}",
            "on CreateSession session; message 1 hello; keys 0001=0,02=4; expire 12.5; closed; challenge; enable 1; outputs; deferred; storage-id 2; wall; allocate 100; open abc; close; after 1; note timer",
            version == 11 ? "on GetStatusForPolicy metric 2 5; status 3" : "on GetStatusForPolicy status 3",
            "on UpdateSession reject 2 7 no such thing", "on RemoveSession resolve");
        string session = await child.CreateSessionAsync();
        session.Should().Be("S1");
        uint removed = child.NextId();
        (await child.AnswerAsync(child.Send(FrameType.RemoveSession, removed, frame => frame.Text(session)))).Should().BeEquivalentTo(new SentFrame(FrameType.Resolved, removed, []));

        SentFrame rejected = await child.UpdateAsync(session, "answer");
        rejected.Type.Should().Be(FrameType.Rejected);
        Read(rejected, static (ref FrameReader fields) => (fields.U32(), fields.U32(), fields.Text())).Should().Be((2u, 7u, "no such thing"));
        SentFrame status = await child.CallAsync(FrameType.GetPolicyStatus, frame => frame.U32(1));
        Read(status, static (ref FrameReader fields) => fields.U32()).Should().Be(3);

        Read(await child.NextAsync(FrameType.SessionMessage), static (ref FrameReader fields) => (fields.Text(), fields.U32(), fields.Text())).Should().Be(("S1", 1u, "hello"));
        Read(await child.NextAsync(FrameType.KeysChange), static (ref FrameReader fields) =>
            (fields.Text(), fields.Flag(), fields.U32(), Convert.ToHexString(fields.Bytes(9)), fields.U32(), fields.U32(), Convert.ToHexString(fields.Bytes(9)), fields.U32(), fields.U32()))
            .Should().Be(("S1", true, 2u, "0001", 0u, 7u, "02", 4u, 7u));
        Read(await child.NextAsync(FrameType.Expiration), static (ref FrameReader fields) => (fields.Text(), fields.F64())).Should().Be(("S1", 12.5));
        Read(await child.NextAsync(FrameType.SessionClosed), static (ref FrameReader fields) => fields.Text()).Should().Be("S1");
        SentFrame opened = await child.NextAsync(FrameType.FileOpen);
        Read(opened, static (ref FrameReader fields) => fields.Text()).Should().Be("abc");
        (await child.NextAsync(FrameType.FileClose)).Id.Should().Be(opened.Id);
        await Testing.Eventually.Is(() => child.Log.Contains("timer"));

        (CdmQuestion, ulong)[] expected = [(CdmQuestion.PlatformChallenge, 0), (CdmQuestion.EnableOutputProtection, 1), (CdmQuestion.OutputProtection, 0), (CdmQuestion.StorageId, 2)];
        (await child.QuestionsAsync()).Should().Equal(version == 11 ? [.. expected, (CdmQuestion.Metric, 2)] : expected, "there is nothing irregular");
        string[] log = child.Log;
        int last = version == 11 ? 18 : 17;
        log.Where(line => line.StartsWith("< ", StringComparison.Ordinal)).Distinct().Should().BeEquivalentTo(Enumerable.Range(0, last + 1).Select(slot => $"< {slot}"), "the fake calls each once");
        log.Should().Contain(["buffer capacity 100 size 100", "buffer size 50", "buffer size 50 after too much", "a file", "file < 0", "file < 3"]);
        double wall = double.Parse(log.Single(line => line.StartsWith("wall ", StringComparison.Ordinal))[5..], System.Globalization.CultureInfo.InvariantCulture);
        wall.Should().BeApproximately((TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds, 600, "it is the time on the wall, in seconds");
    }

    [Theory]
    [InlineData(10, 18)]
    [InlineData(10, 19)]
    [InlineData(11, 19)]
    [InlineData(11, 20)]
    public async Task Behind_the_methods_stand_destructors_which_do_nothing_and_are_told(int version, int slot)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"accept {version}", $"on CreateSession session; destructor {slot}");
        (await child.CreateSessionAsync()).Should().Be("S1");
        (await child.IrregularitiesAsync()).Should().Equal(CdmIrregularity.Destructor);
    }

    [Fact]
    public async Task Interface_11_is_offered_before_10_and_the_module_is_believed()
    {
        await using ChildUnderTest both = await ChildUnderTest.FakeAsync();
        both.Log.Where(line => line.StartsWith("create ", StringComparison.Ordinal)).Should().Equal("create 11");
        await using ChildUnderTest ten = await ChildUnderTest.FakeAsync("accept 10", "host 11");
        ten.Log.Where(line => line.StartsWith("create ", StringComparison.Ordinal)).Should().Equal("create 11", "create 10");
        ten.Log.Should().Contain("host 11 given, host 9 none, host 12 none", "the host that a module asks for is its own choice");
    }

    [Fact]
    public async Task Module_that_takes_neither_interface_is_refused_with_the_stage()
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        SentFrame fatal = await FatalAsync(child, child.Script("accept 12"));
        Read(fatal, static (ref FrameReader fields) => ((CdmStage)fields.U32(), fields.Text()))
            .Should().Be((CdmStage.Creating, "the module makes no instance for the key system 'org.w3.clearkey', neither of interface 11 nor of 10"));
        (await child.ExitAsync()).Should().Be(3);
    }

    [Fact]
    public async Task Exports_that_a_module_does_not_have_are_not_missed()
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        LoadedModule loaded = await child.LoadAsync(child.Script("without verify version deinitialize"));
        loaded.Version.Should().BeEmpty();
        child.Send(FrameType.End, 0);
        (await child.ExitAsync()).Should().Be(0);
        child.Log.Should().NotContain(line => line.StartsWith("host file", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Host_shows_its_true_files_and_no_signature_before_anything_is_initialised()
    {
        await using ChildUnderTest child = await ChildUnderTest.FakeAsync("on InitializeModule note initialised");
        child.Log[..5].Should().Equal(
        [
            $"host file {(OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")} readable signature -1", "host file Keyway.Cdm.Host.dll readable signature -1",
            $"host file {(OperatingSystem.IsMacOS() ? "libcoreclr.dylib" : "libcoreclr.so")} readable signature -1", "host file module readable signature -1", "initialised",
        ]);
    }

    internal static async Task<SentFrame> FatalAsync(ChildUnderTest child, string module, byte[]? pin = null, bool sandboxRequired = false)
    {
        uint id = child.NextId();
        child.Send(FrameType.Load, id, frame =>
        {
            frame.Text(module, WireLimits.Path);
            frame.Bytes(pin);
            frame.Text("org.w3.clearkey");
            frame.Flag(sandboxRequired);
        });
        return await child.NextAsync(FrameType.Fatal);
    }

    internal static T Read<T>(SentFrame frame, FrameFields<T> read)
    {
        FrameReader fields = frame.Reader();
        T value = read(ref fields);
        fields.IsWhole.Should().BeTrue("{0}", Encoding.Latin1.GetString(frame.Fields));
        return value;
    }
}
