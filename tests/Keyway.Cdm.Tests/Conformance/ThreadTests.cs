using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>The module has one thread, whoever calls, and wherever it calls from itself.</summary>
public sealed class ThreadTests
{
    private const string Kid = "000102030405060708090a0b0c0d0e0f";

    [Theory]
    [InlineData]
    [InlineData("queued")]
    public async Task Nothing_is_called_on_another_thread_while_sixteen_call_and_timers_and_files_answer(params string[] inlet)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram, null, inlet);
        await child.LoadAsync(child.Script(
            $"key {Kid} 101112131415161718191a1b1c1d1e1f", "on CreateSession session; set 0; set 1; storage-id 1; open abc; thread; outputs; challenge; set 1; open def", "on Opened read", "on Read write abc", "on Written close"));
        await child.InitializeAsync();
        Lock gate = new();
        List<uint> calls = [];
        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                lock (gate)
                {
                    uint id = child.NextId();
                    calls.Add(id);
                    if (number % 2 == 0)
                    {
                        child.Send(FrameType.CreateSession, id, static frame =>
                        {
                            frame.U32(0);
                            frame.U32(0);
                            frame.Bytes([]);
                        });
                    }
                    else
                    {
                        child.Send(FrameType.UpdateSession, id, static frame =>
                        {
                            frame.Text("S1");
                            frame.Text("x");
                        });
                    }
                }
            }
        })));

        // Files are answered as they come, whatever they ask.
        foreach (uint id in calls) await child.AnswerAsync(id);
        for (int opened = 0; opened < 2; opened++)
        {
            SentFrame open = await child.NextAsync(FrameType.FileOpen);
            Answer(child, open.Id, FileCall.Open);
            (await child.NextAsync(FrameType.FileRead)).Id.Should().Be(open.Id);
            Answer(child, open.Id, FileCall.Read);
            (await child.NextAsync(FrameType.FileWrite)).Id.Should().Be(open.Id);
            Answer(child, open.Id, FileCall.Write);
            (await child.NextAsync(FrameType.FileClose)).Id.Should().Be(open.Id);
        }

        BatchAnswered answered = await child.DecryptAsync(0, CdmScheme.Cenc, Convert.FromHexString(Kid), (0, 0), new BatchItem(new byte[100], new byte[8]));
        answered.Status.Should().Be(CdmStatus.Success);
        string[] called = [.. child.Log.Where(line => line.StartsWith("> ", StringComparison.Ordinal))];
        called.Should().HaveCountGreaterThan(16 * 20).And.NotContain(line => line.EndsWith("on another thread", StringComparison.Ordinal));
        called.Distinct().Should().Contain(["> 3", "> 5", "> 8", "> 9", "> 16", "> 17", "> 18"]);
        (await child.IrregularitiesAsync()).Should().OnlyContain(rule => rule == CdmIrregularity.OtherThread);
    }

    [Theory]
    [InlineData]
    [InlineData("queued")]
    public async Task Timers_run_out_and_a_child_whose_module_hangs_ends_with_its_parent(params string[] inlet)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram, null, inlet);
        await child.LoadAsync(child.Script("on CreateSession session; set 0; set 10; set 30", "on UpdateSession hang"));
        await child.InitializeAsync();
        string session = await child.CreateSessionAsync();
        await Testing.Eventually.Is(() => child.Log.Contains("over 30"));
        child.Log.Where(line => line.StartsWith("over", StringComparison.Ordinal)).Should().Equal("over 0", "over 10", "over 30");
        child.Send(FrameType.UpdateSession, child.NextId(), frame =>
        {
            frame.Text(session);
            frame.Text("x");
        });
        await Testing.Eventually.Is(() => child.Stage == CdmStage.Updating);
        child.Leave();
        (await child.ExitAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData]
    [InlineData("queued")]
    public async Task Module_that_asks_for_ever_and_a_parent_that_calls_for_ever_hold_up_neither(params string[] inlet)
    {
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram, null, inlet);
        await child.LoadAsync(child.Script("on CreateSession session; storage-id 1", "on OnStorageId storage-id 1"));
        await child.InitializeAsync();
        await child.CreateSessionAsync();
        int before = child.Log.Count(line => line == "> 18");
        for (int i = 0; i < 200; i++) (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
        child.Log.Count(line => line == "> 18").Should().BeGreaterThan(before);
    }

    [Fact]
    public async Task Everything_that_a_module_says_from_another_thread_arrives_in_its_order_and_is_told()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(
            "on CreateSession thread-join; session; message 2 hello; keys 0001=2; expire 5; closed; enable 1; metric 0 1; set 0; wall; allocate 10");
        (await child.CreateSessionAsync()).Should().Be("S1");
        (await child.NextAsync(FrameType.SessionMessage)).Type.Should().Be(FrameType.SessionMessage);
        (await child.NextAsync(FrameType.KeysChange)).Type.Should().Be(FrameType.KeysChange);
        (await child.NextAsync(FrameType.Expiration)).Type.Should().Be(FrameType.Expiration);
        (await child.NextAsync(FrameType.SessionClosed)).Type.Should().Be(FrameType.SessionClosed);
        await Testing.Eventually.Is(() => child.Log.Contains("over 0"));
        child.Log.Should().Contain("> 8").And.Contain("buffer capacity 10 size 10");
        (CdmQuestion Question, ulong Detail)[] asked = await child.QuestionsAsync();
        asked.Where(question => question.Question != CdmQuestion.Irregular).Should().Equal((CdmQuestion.EnableOutputProtection, 1UL), (CdmQuestion.Metric, 0UL));
        asked.Where(question => question.Question == CdmQuestion.Irregular).Should().OnlyContain(question => question.Detail == (ulong)CdmIrregularity.OtherThread);
    }

    private static void Answer(ChildUnderTest child, uint id, FileCall call) => child.Send(FrameType.FileAnswer, id, frame =>
    {
        frame.U8((byte)call);
        frame.U32(0);
        frame.Bytes([]);
    });
}
