using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Decryption;

/// <summary>A session's own decryptor is counted: it is in use until the last fragment has given it back, and then never again.</summary>
public sealed class SessionLoanTests
{
    private static readonly OutputCapabilities Screen = new() { Kind = SinkKind.Render };

    [Fact]
    public async Task A_session_ends_when_the_fragment_inside_has_come_out()
    {
        using VaultFixture fixture = new();
        TaskCompletionSource inside = New(), go = New();
        using FakeDecryptor native = Native(async _ =>
        {
            inside.SetResult();
            await go.Task;
            return null;
        });
        SessionLoan loan = Attach(fixture, native);
        using IFragmentDecryptor fragment = fixture.Decryptor(Screen).LeaseFragment();
        Task<BatchResult> decrypting = fragment.DecryptAsync(Batch(), Cancel).AsTask();
        await inside.Task;
        fixture.Vault.Revoke(fixture.Session);
        Task<bool> end = loan.EndAsync(TimeSpan.FromMinutes(1)).AsTask();
        (end.IsCompleted, loan.TryAddReference()).Should().Be((false, false));
        VaultFixture.Try(fixture.Decryptor(Screen)).Should().Be(DecryptStatus.KeyNotFound, "nobody begins any more");

        go.SetResult();
        (await decrypting).Status.Should().Be(DecryptStatus.Decrypted);
        end.IsCompleted.Should().BeFalse("the fragment has its lease, as with keys of our own");
        fragment.Dispose();
        (await end).Should().BeTrue();
        native.UsesAfterEnd.Should().Be(0);
    }

    [Fact]
    public async Task A_call_that_does_not_end_is_asked_to_and_keeps_its_session_when_it_does_not()
    {
        using VaultFixture fixture = new();
        TaskCompletionSource inside = New(), go = New(), asked = New();
        using FakeDecryptor native = Native(async token =>
        {
            inside.SetResult();
            token.Register(asked.SetResult);
            await go.Task;
            return new BatchResult { Status = DecryptStatus.NotNow, Done = 0 };
        });
        SessionLoan loan = Attach(fixture, native);
        IFragmentDecryptor fragment = fixture.Decryptor(Screen).LeaseFragment();
        Task<BatchResult> decrypting = fragment.DecryptAsync(Batch(), Cancel).AsTask();
        await inside.Task;
        (await loan.EndAsync(TimeSpan.FromMilliseconds(1))).Should().BeFalse();
        asked.Task.IsCompleted.Should().BeTrue();
        loan.WhenOver.IsCompleted.Should().BeFalse();
        go.SetResult();
        await decrypting;
        await loan.WhenOver.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
    }

    [Fact]
    public async Task One_at_a_time_means_all_sessions_of_one_object()
    {
        using VaultFixture fixture = new();
        using FakeDecryptor native = Native(async _ =>
        {
            await Task.Yield();
            return null;
        });
        Attach(fixture, native);
        SessionId second = fixture.Join();
        fixture.Vault.Attach(second, native);
        fixture.Vault.SetStatus(second, Bytes.Id(2), KeyStatus.Usable);
        native.Add(Bytes.Id(2), Bytes.Key);
        SampleDecryptor decryptor = fixture.Decryptor(Screen);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(reader => Task.Run(async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                using IFragmentDecryptor fragment = decryptor.LeaseFragment();
                (await fragment.DecryptAsync(Batch(1 + (reader % 2)), Cancel)).Status.Should().Be(DecryptStatus.Decrypted);
            }
        }, Cancel)));
        (native.MostAtOnce, native.CallCount).Should().Be((1, 400));
    }

    [Fact]
    public async Task From_any_thread_means_beside_one_another()
    {
        using VaultFixture fixture = new();
        int inside = 0;
        TaskCompletionSource both = New();
        using FakeDecryptor native = new()
        {
            Calls = CallRule.AnyThread,
            Entering = async (_, _) =>
            {
                if (Interlocked.Increment(ref inside) == 2) both.SetResult();
                await both.Task;
                return null;
            },
        };
        native.Add(Bytes.Id(1), Bytes.Key);
        Attach(fixture, native);
        using IFragmentDecryptor one = fixture.Decryptor(Screen).LeaseFragment(), other = fixture.Decryptor(Screen).LeaseFragment();
        BatchResult[] results = await Task.WhenAll(one.DecryptAsync(Batch(), Cancel).AsTask(), other.DecryptAsync(Batch(), Cancel).AsTask()).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        results.Should().OnlyContain(result => result.Status == DecryptStatus.Decrypted);
        native.MostAtOnce.Should().Be(2);
    }

    [Fact]
    public async Task The_synchronous_form_never_waits_for_its_turn()
    {
        using VaultFixture fixture = new();
        TaskCompletionSource inside = New(), go = New();
        using FakeDecryptor native = Native(async _ =>
        {
            inside.SetResult();
            await go.Task;
            return null;
        });
        Attach(fixture, native);
        SampleDecryptor decryptor = fixture.Decryptor(Screen);
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.Decrypted);
        using IFragmentDecryptor fragment = decryptor.LeaseFragment();
        Task<BatchResult> decrypting = fragment.DecryptAsync(Batch(), Cancel).AsTask();
        await inside.Task;
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.NotNow);
        go.SetResult();
        await decrypting;
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.Decrypted);
    }

    [Theory]
    [InlineData(DecryptStatus.Decrypted, 0)]
    [InlineData(DecryptStatus.Decrypted, 3)]
    [InlineData(DecryptStatus.NotNow, 2)]
    [InlineData(DecryptStatus.KeyNotFound, -1)]
    [InlineData(DecryptStatus.None, 0)]
    [InlineData((DecryptStatus)99, 0)]
    public async Task What_cannot_be_true_is_a_failure(DecryptStatus status, int done)
    {
        using VaultFixture fixture = new();
        using FakeDecryptor native = Native(_ => new(new BatchResult { Status = status, Done = done }));
        Attach(fixture, native);
        using IFragmentDecryptor fragment = fixture.Decryptor(Screen).LeaseFragment();
        (await fragment.DecryptAsync(Batch(), Cancel)).Should().Be(new BatchResult { Status = DecryptStatus.Failed, Done = 0 });
    }

    [Fact]
    public async Task What_it_throws_is_a_failure_and_keeps_nobody_from_ending_it()
    {
        using VaultFixture fixture = new();
        using FakeDecryptor native = Native(_ => throw new InvalidOperationException("words with key=secret"));
        SessionLoan loan = Attach(fixture, native);
        using (IFragmentDecryptor fragment = fixture.Decryptor(Screen).LeaseFragment())
            for (int i = 0; i < 2; i++) (await fragment.DecryptAsync(Batch(), Cancel)).Status.Should().Be(DecryptStatus.Failed);
        (await loan.EndAsync(TimeSpan.FromMinutes(1))).Should().BeTrue();
    }

    [Fact]
    public async Task Whoever_waits_to_ask_again_keeps_no_session_from_ending()
    {
        using VaultFixture fixture = new();
        using FakeDecryptor native = Native(_ => new(new BatchResult { Status = DecryptStatus.NotNow, Done = 0 }));
        SessionLoan loan = Attach(fixture, native);
        using IFragmentDecryptor fragment = fixture.Decryptor(Screen).LeaseFragment();
        (await fragment.DecryptAsync(Batch(), Cancel)).Status.Should().Be(DecryptStatus.NotNow);
        (await loan.EndAsync(TimeSpan.FromMinutes(1))).Should().BeTrue();
        (await fragment.DecryptAsync(Batch(), Cancel)).Status.Should().Be(DecryptStatus.KeyNotFound);
    }

    [Fact]
    public async Task No_call_follows_or_overlaps_the_end_however_they_race()
    {
        using VaultFixture fixture = new();
        SampleDecryptor decryptor = fixture.Decryptor(Screen);
        using CancellationTokenSource over = new();
        int decrypted = 0;
        Task[] readers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                using IFragmentDecryptor fragment = decryptor.LeaseFragment();
                if ((await fragment.DecryptAsync(Batch(), CancellationToken.None)).Status == DecryptStatus.Decrypted) Interlocked.Increment(ref decrypted);
                decryptor.Decrypt(Batch().SampleAt(0), Batch().ProtectionAt(0));
                // Four that never wait would take every thread from whoever does.
                await Task.Yield();
            }
        }, Cancel))];
        List<FakeDecryptor> gone = [];
        for (int i = 0; i < 200; i++)
        {
            FakeDecryptor native = new() { Calls = i % 2 == 0 ? CallRule.AnyThread : CallRule.OneAtATime };
            native.Add(Bytes.Id(1), Bytes.Key);
            SessionLoan loan = Attach(fixture, native);
            await Eventually.Is(() => native.CallCount > 2);
            fixture.Vault.Revoke(fixture.Session);
            (await loan.EndAsync(TimeSpan.FromMinutes(1))).Should().BeTrue();
            native.Dispose();
            gone.Add(native);
        }

        await over.CancelAsync();
        await Task.WhenAll(readers);
        gone.Should().OnlyContain(native => native.UsesAfterEnd == 0);
        decrypted.Should().BePositive();
    }

    [Fact]
    public void A_sink_that_opens_samples_itself_gets_no_clear_one()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        SampleDecryptor module = fixture.Decryptor(new OutputCapabilities { Kind = SinkKind.Module });
        VaultFixture.Try(module).Should().Be(DecryptStatus.KeyNotUsable);
        VaultFixture.Try(fixture.Decryptor(new OutputCapabilities { Kind = SinkKind.None })).Should().Be(DecryptStatus.Decrypted, "what says nothing exports, and this key may be");
        module.StatusOf(Bytes.Id(1)).Should().Be(KeyStatus.Usable, "its key may be used, by the module");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static FakeDecryptor Native(Func<CancellationToken, ValueTask<BatchResult?>> entering)
    {
        FakeDecryptor native = new() { Entering = (_, token) => entering(token) };
        native.Add(Bytes.Id(1), Bytes.Key);
        return native;
    }

    private static SessionLoan Attach(VaultFixture fixture, FakeDecryptor native)
    {
        SessionLoan loan = fixture.Vault.Attach(fixture.Session, native);
        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), KeyStatus.Usable);
        return loan;
    }

    /// <summary>Two samples of 20 bytes.</summary>
    private static SampleBatch Batch(int id = 1) => new()
    {
        Bytes = new byte[50],
        Samples = new[] { new BatchSample { Offset = 0, Length = 20, VectorOffset = 0, VectorLength = 8 }, new BatchSample { Offset = 25, Length = 20, VectorOffset = 8, VectorLength = 8 } },
        InitializationVectors = new byte[16],
        Scheme = ProtectionScheme.Cenc,
        KeyId = Bytes.Id(id),
    };
}
