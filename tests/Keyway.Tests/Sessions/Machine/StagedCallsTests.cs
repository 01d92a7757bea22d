using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Sessions;

public class StagedCallsTests
{
    private static readonly KeyPolicy Policy = new();

    [Fact]
    public void Key_bytes_are_zeroed_when_the_stage_takes_effect_and_when_it_does_not()
    {
        using ContentKeyVault vault = new(new ManualClock());
        foreach (bool commit in new[] { true, false })
        {
            StagedCalls stage = new();
            stage.TryImport(Bench.Kid(1), Enumerable.Repeat((byte)7, 16).ToArray(), Policy).Should().BeTrue();
            byte[] copy = stage.KeyBuffers.Should().ContainSingle().Subject;
            copy.Should().OnlyContain(b => b == 7);
            if (commit) stage.Commit(vault, SessionId.Create());
            else stage.Dispose();
            copy.Should().OnlyContain(b => b == 0);
        }
    }

    [Fact]
    public void Stage_that_is_over_takes_nothing()
    {
        StagedCalls stage = new();
        stage.Dispose();
        stage.TryImport(Bench.Kid(1), new byte[16], Policy).Should().BeFalse();
        stage.TryClose(LicenseErrorKind.Unknown).Should().BeFalse();
        stage.TryRequest(ChallengeKind.License).Should().BeFalse();
    }

    [Fact]
    public async Task All_calls_of_an_answer_take_effect_or_none()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        SessionId session = ring.Reports[0].Id;
        KeyPolicy before = bench.Vault.Keys(session)[0].Policy;

        bench.System.Accepting = (_, host, _) =>
        {
            host.Import(Bench.Kid(2), new byte[16], Policy);
            host.UpdatePolicy(Bench.Kid(1), new KeyPolicy());
            host.SetStatus(Bench.Kid(1), KeyStatus.Released);
            bench.Vault.Keys(session).Should().ContainSingle("nothing takes effect before the call returns");
            throw new LicenseServiceException(LicenseErrorKind.LicenseNotAuthentic, "bad signature");
        };
        bench.System.Sessions[0].Host.RequestExchange(ChallengeKind.Renewal);
        await Eventually.Is(() => ring.Reports[0].Error?.Kind == LicenseErrorKind.LicenseNotAuthentic);
        KeyEntry key = bench.Vault.Keys(session).Should().ContainSingle().Subject;
        key.Policy.Should().BeSameAs(before);
        key.Status.Should().Be(KeyStatus.Usable);

        bench.System.Accepting = (_, host, _) =>
        {
            host.Import(Bench.Kid(2), new byte[16], bench.System.Policy);
            bench.Vault.Keys(session).Should().ContainSingle();
            return new ValueTask<LicenseOutcome>(LicenseOutcome.Complete);
        };
        bench.System.Sessions[0].Host.RequestExchange(ChallengeKind.Renewal);
        await Eventually.Is(() => bench.Vault.Keys(session).Count == 2);
    }

    [Fact]
    public async Task Session_that_throws_while_opening_leaves_no_key()
    {
        await using Bench bench = new();
        bench.System.Opening = (request, host) =>
        {
            host.Import(request.Keys[0].Id, new byte[16], Policy);
            throw new InvalidOperationException();
        };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
        await wait.Should().ThrowAsync<KeyUnavailableException>();
        bench.Vault.Keys(ring.Reports[0].Id).Should().BeEmpty();
    }

    [Fact]
    public async Task Key_of_a_wrong_length_is_the_plugins_mistake()
    {
        await using Bench bench = new();
        bench.System.Opening = (_, host) =>
        {
            Action import = () => host.Import(Bench.Kid(1), new byte[15], Policy);
            import.Should().Throw<ArgumentException>();
        };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
    }
}
