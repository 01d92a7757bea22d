using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>Whenever and however often a module answers, a call is answered once.</summary>
public sealed class ReentrancyTests
{
    [Theory]
    [InlineData("session; message 0 m", "inside the call")]
    [InlineData("message 0 m; session", "the message first")]
    [InlineData("after 0; session; message 0 m", "after the call")]
    [InlineData("after 20; message 0 m; session", "later, the message first")]
    [InlineData("thread; session; message 0 m", "from another thread")]
    [InlineData("thread-join; session; message 0 m", "from another thread, inside the call")]
    [InlineData("session; session; message 0 m", "twice")]
    [InlineData("session; resolve; reject 0 0 x; message 0 m; after 0; session", "in every way and again later")]
    public async Task Session_is_made_once(string actions, string how)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on CreateSession {actions}");
        (await child.CreateSessionAsync()).Should().Be("S1", how);
        SlotTests.Read(await child.NextAsync(FrameType.SessionMessage), static (ref FrameReader fields) => (fields.Text(), fields.U32(), fields.Text())).Should().Be(("S1", 0u, "m"));
        (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
        (await child.RestAsync(FrameType.SessionResolved)).Should().BeEmpty();
        (await child.RestAsync(FrameType.Resolved)).Should().BeEmpty();
        (await child.RestAsync(FrameType.Rejected)).Should().BeEmpty();
    }

    [Fact]
    public async Task Answers_in_the_wrong_order_find_their_calls()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on CreateSession hold; session", "on UpdateSession hold; resolve", "on GetStatusForPolicy release; status 2");
        uint first = child.Send(FrameType.CreateSession, child.NextId(), Session), second = child.Send(FrameType.CreateSession, child.NextId(), Session);
        uint update = child.Send(FrameType.UpdateSession, child.NextId(), frame =>
        {
            frame.Text("S1");
            frame.Text("x");
        });
        (await child.CallAsync(FrameType.GetPolicyStatus, frame => frame.U32(0))).Type.Should().Be(FrameType.PolicyStatus);
        (await child.AnswerAsync(update)).Type.Should().Be(FrameType.Resolved);
        SlotTests.Read(await child.AnswerAsync(second), static (ref FrameReader fields) => (fields.Flag(), fields.Text())).Should().Be((true, "S2"));
        SlotTests.Read(await child.AnswerAsync(first), static (ref FrameReader fields) => (fields.Flag(), fields.Text())).Should().Be((true, "S1"));
        (await child.IrregularitiesAsync()).Should().BeEmpty("that is allowed");
    }

    [Fact]
    public async Task Call_that_is_never_answered_holds_up_no_other()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on UpdateSession");
        string session = await child.CreateSessionAsync();
        child.Send(FrameType.UpdateSession, child.NextId(), frame =>
        {
            frame.Text(session);
            frame.Text("x");
        });
        (await child.SessionCallAsync(FrameType.CloseSession, session)).Type.Should().Be(FrameType.Resolved);
        (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
    }

    [Fact]
    public async Task Too_many_calls_that_are_never_answered_are_refused()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on UpdateSession");
        uint last = 0;
        for (int i = 0; i <= 1024; i++)
        {
            last = child.Send(FrameType.UpdateSession, child.NextId(), static frame =>
            {
                frame.Text("S");
                frame.Text("");
            });
        }

        SentFrame answer = await child.AnswerAsync(last);
        SlotTests.Read(answer, static (ref FrameReader fields) => ((CdmException)fields.U32(), fields.U32(), fields.Text())).Should().Be((CdmException.QuotaExceeded, 0u, "1024 calls wait for the module"));
        (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
    }

    [Theory]
    [InlineData("resolve; resolve", nameof(CdmIrregularity.PromiseTwice))]
    [InlineData("resolve 4711; resolve", nameof(CdmIrregularity.PromiseTwice))]
    [InlineData("resolve; after 0; resolve", nameof(CdmIrregularity.PromiseTwice))]
    [InlineData("resolve; reject 2 0 x", nameof(CdmIrregularity.PromiseTwice))]
    [InlineData("resolve; initialized", nameof(CdmIrregularity.InitializedTwice))]
    [InlineData("thread-join; resolve", nameof(CdmIrregularity.OtherThread))]
    [InlineData("resolve; message-of 524289", nameof(CdmIrregularity.TooMuch))]
    [InlineData("resolve; message-of 4294967295", nameof(CdmIrregularity.TooMuch))]
    [InlineData("resolve; keys-of 4097", nameof(CdmIrregularity.TooMuch))]
    [InlineData("resolve; keys-of 4294967295", nameof(CdmIrregularity.TooMuch))]
    [InlineData("resolve; destructor 19", nameof(CdmIrregularity.Destructor))]
    public async Task Rule_that_is_broken_is_tolerated_and_told(string actions, string rule)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on UpdateSession {actions}", "on SetServerCertificate resolve");
        string session = await child.CreateSessionAsync();
        (await child.UpdateAsync(session, "x")).Type.Should().Be(FrameType.Resolved);
        (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
        (await child.IrregularitiesAsync()).Select(broken => broken.ToString()).Should().Equal(rule);
        (await child.RestAsync(FrameType.KeysChange)).Should().BeEmpty();
        (await child.CallAsync(FrameType.SetServerCertificate, frame => frame.Bytes([]))).Type.Should().Be(FrameType.Resolved, "it goes on");
    }

    [Theory]
    [InlineData("on UpdateSession session")]
    [InlineData("on UpdateSession status 0")]
    [InlineData("on UpdateSession no-session; resolve")]
    public async Task Answer_of_another_kind_is_a_failure_and_the_call_is_over(string line)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(line);
        string session = await child.CreateSessionAsync();
        SlotTests.Read(await child.UpdateAsync(session, "x"), static (ref FrameReader fields) => ((CdmException)fields.U32(), fields.U32(), fields.Text()))
            .Should().Be((CdmException.InvalidState, 0u, "the module answered with what answers another kind of call"));
        (await child.IrregularitiesAsync()).Should().StartWith([CdmIrregularity.PromiseKind]);
    }

    [Fact]
    public async Task Name_of_a_session_that_is_too_long_is_a_failure()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on CreateSession session {new string('s', 257)}");
        SentFrame answer = await child.CallAsync(FrameType.CreateSession, Session);
        answer.Type.Should().Be(FrameType.Rejected);
    }

    [Fact]
    public async Task Broken_rule_is_told_a_few_times_and_not_for_ever()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on UpdateSession resolve; repeat 1000 resolve");
        (await child.UpdateAsync("S", "x")).Type.Should().Be(FrameType.Resolved);
        (await child.IrregularitiesAsync()).Should().HaveCount(16).And.OnlyContain(rule => rule == CdmIrregularity.PromiseTwice);
    }

    [Fact]
    public async Task So_is_a_question_which_is_answered_each_time()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on UpdateSession repeat 100 outputs; storage-id 1; resolve");
        (await child.UpdateAsync("S", "x")).Type.Should().Be(FrameType.Resolved);
        await Testing.Eventually.Is(() => child.Log.Contains("> 18"));
        (await child.QuestionsAsync()).Should().Equal([.. Enumerable.Repeat((CdmQuestion.OutputProtection, 0UL), 16), (CdmQuestion.StorageId, 1UL)]);
        child.Log.Count(line => line == "> 17").Should().Be(100);
    }

    [Theory]
    [InlineData("on Initialize initialized")]
    [InlineData("on Initialize after 10; initialized")]
    [InlineData("on Initialize thread; initialized")]
    [InlineData("on Initialize open index; after 0; read; initialized")]
    public async Task Initialisation_is_over_when_the_module_says_so(string line)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(line);
        (await child.CreateSessionAsync()).Should().Be("S1");
    }

    [Fact]
    public async Task Module_that_cannot_be_initialised_says_so()
    {
        await using ChildUnderTest child = await ChildUnderTest.FakeAsync("on Initialize initialized 0");
        SentFrame answer = await child.CallAsync(FrameType.Initialize, frame => frame.Raw([0, 0]));
        SlotTests.Read(answer, static (ref FrameReader fields) => fields.Flag()).Should().BeFalse();
    }

    [Fact]
    public async Task Timers_run_out_in_their_order_and_never_inside_the_call_that_sets_them()
    {
        // Set in the order in which they run out, however slow the machine is; TimerHeapTests have the others.
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on CreateSession set -5; set 0; set 1; set 60; note set; session");
        await child.CreateSessionAsync();
        await Testing.Eventually.Is(() => child.Log.Contains("over 60"));
        string[] log = [.. child.Log.Where(line => line.StartsWith("over", StringComparison.Ordinal) || line == "set")];
        log.Should().Equal("set", "over -5", "over 0", "over 1", "over 60");
    }

    [Fact]
    public async Task Module_that_sets_timers_for_ever_starves_nobody()
    {
        // Each sets two more, for at once: until there are too many.
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on TimerExpired set 0; set 0", "on CreateSession set 0; session");
        await child.CreateSessionAsync();
        for (int i = 0; i < 20; i++) (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
        (await child.IrregularitiesAsync()).Should().HaveCountLessThanOrEqualTo(16);
    }

    [Theory]
    [InlineData("challenge", 16)]
    [InlineData("outputs", 17)]
    [InlineData("storage-id 3", 18)]
    public async Task Question_is_answered_after_the_call_that_asks_it(string question, int slot)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on CreateSession {question}; note asked; session; thread; {question}");
        await child.CreateSessionAsync();
        await Testing.Eventually.Is(() => child.Log.Count(line => line == $"> {slot}") == 2);
        string[] log = child.Log;
        Array.IndexOf(log, "asked").Should().BeLessThan(Array.IndexOf(log, $"> {slot}"));
    }

    private static void Session(FrameWriter frame)
    {
        frame.U32(0);
        frame.U32(0);
        frame.Bytes([]);
    }
}
