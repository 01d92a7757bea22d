extern alias host;

using System.Security.Cryptography;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>A module may end its process whenever it likes; where it was is known afterwards.</summary>
public sealed class CrashTests
{
    public static TheoryData<string, string> Methods => new()
    {
        { "Loading", nameof(CdmStage.Loading) },
        { "VerifyHost", nameof(CdmStage.Verifying) },
        { "InitializeModule", nameof(CdmStage.InitializingModule) },
        { "CreateInstance", nameof(CdmStage.Creating) },
        { "Initialize", nameof(CdmStage.Initializing) },
        { "CreateSession", nameof(CdmStage.CreatingSession) },
        { "LoadSession", nameof(CdmStage.LoadingSession) },
        { "UpdateSession", nameof(CdmStage.Updating) },
        { "CloseSession", nameof(CdmStage.ClosingSession) },
        { "RemoveSession", nameof(CdmStage.RemovingSession) },
        { "SetServerCertificate", nameof(CdmStage.ServerCertificate) },
        { "GetStatusForPolicy", nameof(CdmStage.PolicyStatus) },
        { "TimerExpired", nameof(CdmStage.Timer) },
        { "Decrypt", nameof(CdmStage.Decrypting) },
        { "OnStorageId", nameof(CdmStage.Answering) },
        { "Opened", nameof(CdmStage.FileAnswer) },
        { "Destroy", nameof(CdmStage.Ending) },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Crash_in_any_method_ends_the_process_and_the_stage_stays_behind(string method, string stage)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        CallAll(child, child.Script("on CreateSession session; set 0; storage-id 1; open file", $"on {method} crash"), ends: method == "Destroy");
        (await child.ExitAsync()).Should().NotBe(0);
        child.Stage.ToString().Should().Be(stage);
    }

    [Theory]
    [InlineData("abort")]
    [InlineData("exit 0")]
    [InlineData("exit 7")]
    public async Task So_does_every_other_end(string how)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        CallAll(child, child.Script($"on UpdateSession {how}"));
        await child.ExitAsync();
        child.Stage.Should().Be(CdmStage.Updating);
    }

    [Theory]
    [InlineData("UpdateSession", nameof(CdmStage.Updating))]
    [InlineData("Loading", nameof(CdmStage.Loading))]
    [InlineData("Destroy", nameof(CdmStage.Ending))]
    public async Task Child_whose_module_hangs_ends_with_its_parent(string method, string stage)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        CallAll(child, child.Script($"on {method} hang"));
        await Testing.Eventually.Is(() => child.Stage.ToString() == stage);
        child.Process.HasExited.Should().BeFalse();
        child.Leave();
        (await child.ExitAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Module_that_is_another_than_the_pin_says_is_never_loaded()
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        string module = child.Script("on Loading note loaded");
        SentFrame fatal = await SlotTests.FatalAsync(child, module, new byte[32]);
        byte[] hash = SHA256.HashData(await File.ReadAllBytesAsync(module, TestContext.Current.CancellationToken));
        SlotTests.Read(fatal, static (ref FrameReader fields) => ((CdmStage)fields.U32(), fields.Text()))
            .Should().Be((CdmStage.Loading, $"the module is not the one that is pinned: its SHA-256 is {Convert.ToHexStringLower(hash)}"));
        (await child.ExitAsync()).Should().Be(3);
        child.Log.Should().BeEmpty();
    }

    [Fact]
    public async Task Module_that_is_the_pinned_one_is_loaded()
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        string module = child.Script();
        await child.LoadAsync(module, SHA256.HashData(await File.ReadAllBytesAsync(module, TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("", "the module has 0 bytes")]
    [InlineData("no library", "the module cannot be loaded: ")]
    [InlineData(null, "the module cannot be read: ")]
    public async Task What_is_no_library_is_refused_with_the_reason(string? content, string reason)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.RealProgram);
        using TemporaryFolder folder = new();
        if (content is not null) await File.WriteAllTextAsync(folder["libcdm.so"], content, TestContext.Current.CancellationToken);
        SentFrame fatal = await SlotTests.FatalAsync(child, folder["libcdm.so"]);
        string text = SlotTests.Read(fatal, static (ref FrameReader fields) =>
        {
            ((CdmStage)fields.U32()).Should().Be(CdmStage.Loading);
            return fields.Text();
        });
        text.Should().StartWith(reason).And.NotContain("/proc/self");
        (await child.ExitAsync()).Should().Be(3);
    }

    [Fact]
    public async Task Library_that_is_no_module_is_refused_with_the_name_that_it_lacks()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the library is Linux's");
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.RealProgram);
        string library = Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "libSystem.Native.so");
        SlotTests.Read(await SlotTests.FatalAsync(child, library), static (ref FrameReader fields) => ((CdmStage)fields.U32(), fields.Text()))
            .Should().Be((CdmStage.Loading, "the module has no InitializeCdmModule_4: it is no CDM of this interface"));
    }

    [Fact]
    public async Task Shipped_program_takes_no_fake()
    {
        // A script is no library, and there is no argument, setting or variable that would have it read as one.
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.RealProgram);
        SlotTests.Read(await SlotTests.FatalAsync(child, child.Script()), static (ref FrameReader fields) => (CdmStage)fields.U32() == CdmStage.Loading && fields.Text().Contains("cannot be loaded", StringComparison.Ordinal))
            .Should().BeTrue();
        typeof(host::Keyway.Cdm.Host.Loading.IModuleLoader).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(host::Keyway.Cdm.Host.Loading.IModuleLoader)) && type.IsClass)
            .Should().Equal(typeof(host::Keyway.Cdm.Host.Loading.NativeModuleLoader));
    }

    [Theory]
    [InlineData((int)FrameType.Initialize)]
    [InlineData((int)FrameType.CreateSession)]
    [InlineData((int)FrameType.Decrypt)]
    public async Task Calls_before_their_time_are_refused(int type)
    {
        FrameType call = (FrameType)type;
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        (await child.CallAsync(call)).Type.Should().Be(FrameType.Rejected);
        await child.LoadAsync(child.Script());
        if (call != FrameType.Initialize) (await child.CallAsync(call)).Type.Should().Be(FrameType.Rejected);
        await child.InitializeAsync();
        (await child.CallAsync(FrameType.Initialize)).Type.Should().Be(FrameType.Rejected);
        (await child.CallAsync(FrameType.Load)).Type.Should().Be(FrameType.Rejected);
        await child.CreateSessionAsync();
    }

    [Theory]
    [InlineData((int)FrameType.UpdateSession)]
    [InlineData((int)FrameType.Decrypt)]
    [InlineData(0x0F00)]
    [InlineData((int)FrameType.Loaded)]
    public async Task Frame_that_cannot_be_is_the_end_with_a_sentence(int type)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync();
        child.Send((FrameType)type, child.NextId(), frame => frame.U8(1));
        SlotTests.Read(await child.NextAsync(FrameType.Fatal), static (ref FrameReader fields) => (fields.U32(), fields.Text())).Item2.Should().Contain("not of one build");
        (await child.ExitAsync()).Should().Be(3);
    }

    /// <summary>Every call that there is, one after the other, and nobody waits for answers.</summary>
    private static void CallAll(ChildUnderTest child, string module, bool ends = true)
    {
        try
        {
            child.Send(FrameType.Load, child.NextId(), frame =>
            {
                frame.Text(module, WireLimits.Path);
                frame.Bytes([]);
                frame.Text("org.w3.clearkey");
                frame.Flag(false);
            });
            child.Send(FrameType.Initialize, child.NextId(), frame => frame.Raw([0, 0]));
            child.Send(FrameType.CreateSession, child.NextId(), frame =>
            {
                frame.U32(0);
                frame.U32(0);
                frame.Bytes([]);
            });
            child.Send(FrameType.FileAnswer, 1, frame =>
            {
                frame.U8((byte)FileCall.Open);
                frame.U32(0);
                frame.Bytes([]);
            });
            child.Send(FrameType.LoadSession, child.NextId(), frame =>
            {
                frame.U32(0);
                frame.Text("S");
            });
            child.Send(FrameType.UpdateSession, child.NextId(), frame =>
            {
                frame.Text("S1");
                frame.Text("x");
            });
            child.Send(FrameType.SetServerCertificate, child.NextId(), frame => frame.Bytes([1]));
            child.Send(FrameType.GetPolicyStatus, child.NextId(), frame => frame.U32(0));
            child.Send(FrameType.Decrypt, child.NextId(), frame =>
            {
                frame.U8(0);
                frame.U32(1);
                frame.U32(0);
                frame.U32(0);
                frame.Bytes(new byte[16]);
                frame.U32(1);
                frame.U32(0);
                frame.U32(0);
                frame.U32(10);
                frame.U8(16);
                frame.Raw(new byte[16]);
                frame.U32(0);
            });
            child.Send(FrameType.RemoveSession, child.NextId(), frame => frame.Text("S1"));
            child.Send(FrameType.CloseSession, child.NextId(), frame => frame.Text("S1"));
            if (ends) child.Send(FrameType.End, 0);   // before which only what waits already is done
        }
        catch (IOException)
        {
            // It was gone before the last was sent.
        }
    }
}
