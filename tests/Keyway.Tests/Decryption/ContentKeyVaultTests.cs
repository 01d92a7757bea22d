using Keyway.Licensing;

namespace Keyway.Decryption;

public sealed class ContentKeyVaultTests
{
    [Fact]
    public void Every_key_is_freed_and_zero_when_the_vault_is_disposed()
    {
        VaultFixture fixture = new();
        for (int i = 0; i < 20; i++) fixture.Vault.Import(fixture.Session, Bytes.Id(i), Bytes.Key, VaultFixture.Export);
        fixture.Vault.Import(fixture.Session, Bytes.Id(3), Bytes.Random(16, 3), VaultFixture.Export);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);
        fixture.Memory.Live.Should().Be(20, "a replaced key goes at once");
        fixture.Dispose();
        fixture.Memory.ShouldBeCleanAfter(keys: 21);
        Action late = () => fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        late.Should().Throw<ObjectDisposedException>();
        fixture.Memory.ShouldBeCleanAfter(keys: 22);
    }

    [Fact]
    public void Lease_keeps_a_revoked_key_for_its_fragment_and_the_next_fragment_does_not_get_it()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        SampleDecryptor decryptor = fixture.Decryptor();
        IFragmentDecryptor fragment = decryptor.LeaseFragment();
        VaultFixture.Try(fragment).Should().Be(DecryptStatus.Decrypted);

        fixture.Vault.Revoke(fixture.Session, Bytes.Id(1));
        fixture.Memory.Live.Should().Be(1);
        VaultFixture.Try(fragment).Should().Be(DecryptStatus.Decrypted);
        using (IFragmentDecryptor next = decryptor.LeaseFragment()) VaultFixture.Try(next).Should().Be(DecryptStatus.KeyNotFound);

        fragment.Dispose();
        fragment.Dispose();
        fixture.Memory.ShouldBeCleanAfter(keys: 1);
        fragment.Invoking(late => VaultFixture.Try(late)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Session_is_revoked_whole_and_alone()
    {
        using VaultFixture fixture = new();
        SessionId other = fixture.Join();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        fixture.Vault.Import(fixture.Session, Bytes.Id(2), Bytes.Key, VaultFixture.Export);
        fixture.Vault.Import(other, Bytes.Id(3), Bytes.Key, VaultFixture.Export);
        fixture.Vault.Revoke(fixture.Session);
        fixture.Memory.Live.Should().Be(1);
        fixture.Vault.Keys(fixture.Session).Should().BeEmpty();
        VaultFixture.Try(fixture.Decryptor(), 1).Should().Be(DecryptStatus.KeyNotFound);
        VaultFixture.Try(fixture.Decryptor(), 3).Should().Be(DecryptStatus.Decrypted);
    }

    [Fact]
    public void Key_serves_only_rings_that_joined_its_session()
    {
        using VaultFixture fixture = new();
        SessionId foreign = SessionId.Create();
        fixture.Vault.Import(foreign, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotFound);
        fixture.Decryptor().StatusOf(Bytes.Id(1)).Should().Be(KeyStatus.StatusPending);
        fixture.Ring.Add(foreign);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);
        fixture.Ring.Remove(foreign);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotFound);
    }

    [Fact]
    public void Where_two_sessions_hold_a_key_any_that_may_serve_the_sink_serves_it()
    {
        using VaultFixture fixture = new();
        SessionId second = fixture.Join();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Random(16, 77), new KeyPolicy());
        fixture.Vault.Import(second, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);
        fixture.Decryptor().StatusOf(Bytes.Id(1)).Should().Be(KeyStatus.Usable);
        fixture.Vault.Revoke(second);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotUsable);
        fixture.Decryptor().StatusOf(Bytes.Id(1)).Should().Be(KeyStatus.OutputRestricted);
    }

    [Fact]
    public void Key_without_clear_export_serves_a_screen_and_no_export_sink()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, new KeyPolicy());
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotUsable);
        VaultFixture.Try(fixture.Decryptor(new OutputCapabilities { Kind = SinkKind.Render })).Should().Be(DecryptStatus.Decrypted);
        fixture.Vault.Keys(fixture.Session).Single().Status.Should().Be(KeyStatus.OutputRestricted);
    }

    [Fact]
    public void First_use_is_told_once_and_kept()
    {
        using VaultFixture fixture = new();
        List<(SessionId Session, KeyId Key, DateTimeOffset At)> told = [];
        fixture.Vault.FirstUsed = (session, key, at) => told.Add((session, key, at));
        KeyPolicy policy = VaultFixture.Export with { AfterFirstUse = TimeSpan.FromSeconds(10) };
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, policy);
        DateTimeOffset first = fixture.Clock.Now;
        SampleDecryptor decryptor = fixture.Decryptor();
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.Decrypted);
        fixture.Clock.Now += TimeSpan.FromSeconds(9);
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.Decrypted);
        told.Should().Equal((fixture.Session, Bytes.Id(1), first));

        KeyEntry entry = fixture.Vault.Keys(fixture.Session).Single();
        entry.FirstUse.Should().Be(first);
        entry.ChangesAt.Should().Be(first.AddSeconds(10));

        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, policy);
        fixture.Clock.Now += TimeSpan.FromSeconds(1);
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.KeyNotUsable, "a renewed licence does not make the first use forgotten");
        told.Should().HaveCount(1);
    }

    [Fact]
    public void Listener_that_throws_leaks_no_lease()
    {
        VaultFixture fixture = new();
        fixture.Vault.FirstUsed = (_, _, _) => throw new InvalidOperationException("listener");
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        fixture.Decryptor().Invoking(decryptor => VaultFixture.Try(decryptor)).Should().Throw<InvalidOperationException>();
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);
        fixture.Dispose();
        fixture.Memory.ShouldBeCleanAfter(keys: 1);
    }

    [Fact]
    public void Stored_first_use_counts()
    {
        using VaultFixture fixture = new();
        KeyPolicy policy = VaultFixture.Export with { AfterFirstUse = TimeSpan.FromSeconds(10) };
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, policy, fixture.Clock.Now.AddSeconds(-10));
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotUsable);
        fixture.Decryptor().StatusOf(Bytes.Id(1)).Should().Be(KeyStatus.Expired);
    }

    [Fact]
    public void Running_playback_may_finish_and_another_may_not_begin()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export with { AfterFirstUse = TimeSpan.FromSeconds(10), MayFinish = true });
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);
        fixture.Clock.Now += TimeSpan.FromSeconds(60);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);

        KeyRing later = new();
        later.Add(fixture.Session);
        VaultFixture.Try(new SampleDecryptor(fixture.Vault, later, OutputCapabilities.None)).Should().Be(DecryptStatus.KeyNotUsable);
    }

    [Fact]
    public void Expiry_takes_effect_at_the_next_fragment_and_a_new_policy_revives()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export with { NotAfter = fixture.Clock.Now.AddSeconds(5) });
        SampleDecryptor decryptor = fixture.Decryptor();
        using IFragmentDecryptor fragment = decryptor.LeaseFragment();
        VaultFixture.Try(fragment).Should().Be(DecryptStatus.Decrypted);
        fixture.Clock.Now += TimeSpan.FromSeconds(5);
        VaultFixture.Try(fragment).Should().Be(DecryptStatus.Decrypted);
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.KeyNotUsable);

        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), KeyStatus.Expired);
        decryptor.StatusOf(Bytes.Id(1)).Should().Be(KeyStatus.Expired);
        fixture.Vault.UpdatePolicy(fixture.Session, Bytes.Id(1), VaultFixture.Export with { NotAfter = fixture.Clock.Now.AddSeconds(5) }).Should().BeTrue();
        VaultFixture.Try(decryptor).Should().Be(DecryptStatus.Decrypted);
        fixture.Vault.UpdatePolicy(fixture.Session, Bytes.Id(2), VaultFixture.Export).Should().BeFalse();
    }

    [Fact]
    public void Grace_holds_only_while_the_renewal_fails()
    {
        using VaultFixture fixture = new();
        KeyPolicy policy = VaultFixture.Export with { NotAfter = fixture.Clock.Now, RenewalGrace = TimeSpan.FromSeconds(5) };
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, policy);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotUsable);
        fixture.Vault.SetRenewalFailing(fixture.Session, failing: true);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.Decrypted);
        fixture.Vault.SetRenewalFailing(fixture.Session, failing: false);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(DecryptStatus.KeyNotUsable);
    }

    [Theory]
    [InlineData(KeyStatus.Released, DecryptStatus.KeyNotUsable)]
    [InlineData(KeyStatus.Expired, DecryptStatus.KeyNotUsable)]
    [InlineData(KeyStatus.InternalError, DecryptStatus.KeyNotUsable)]
    [InlineData(KeyStatus.OutputRestricted, DecryptStatus.KeyNotUsable)]
    [InlineData(KeyStatus.StatusPending, DecryptStatus.KeyNotFound)]
    [InlineData(KeyStatus.Usable, DecryptStatus.Decrypted)]
    public void Status_that_was_told_holds(KeyStatus told, DecryptStatus answer)
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), told);
        VaultFixture.Try(fixture.Decryptor()).Should().Be(answer);
        fixture.Vault.Keys(fixture.Session).Single().Status.Should().Be(told);
    }

    [Fact]
    public void Decryptor_of_a_session_serves_its_keys_under_status_and_sink_rules()
    {
        using VaultFixture fixture = new();
        NativeDecryptor native = new();
        fixture.Vault.Attach(fixture.Session, native);
        SampleDecryptor export = fixture.Decryptor();
        SampleDecryptor screen = fixture.Decryptor(new OutputCapabilities { Kind = SinkKind.Render });

        Ask(screen).Should().Be(DecryptStatus.KeyNotFound);
        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), KeyStatus.StatusPending);
        Ask(screen).Should().Be(DecryptStatus.KeyNotFound, "the licence is on its way");
        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), KeyStatus.Usable);
        Ask(screen).Should().Be(DecryptStatus.Decrypted);
        Ask(export).Should().Be(DecryptStatus.KeyNotUsable, "nobody gave leave to export");
        native.Calls.Should().Be(1);
        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), KeyStatus.OutputDownscaled);
        Ask(screen).Should().Be(DecryptStatus.Decrypted);
        fixture.Vault.UpdatePolicy(fixture.Session, Bytes.Id(1), new KeyPolicy { NotAfter = fixture.Clock.Now }).Should().BeTrue();
        Ask(screen).Should().Be(DecryptStatus.KeyNotUsable, "time counts there too");
        fixture.Vault.Keys(fixture.Session).Single().LivesElsewhere.Should().BeTrue();
        fixture.Vault.Revoke(fixture.Session);
        Ask(screen).Should().Be(DecryptStatus.KeyNotFound);

        static DecryptStatus Ask(SampleDecryptor decryptor) => decryptor.Decrypt(
            new byte[10], new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = Bytes.Id(1), InitializationVector = new byte[8] });
    }

    [Fact]
    public void Answer_of_a_sessions_own_decryptor_is_handed_on()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Attach(fixture.Session, new NativeDecryptor { Answer = DecryptStatus.Failed });
        fixture.Vault.SetStatus(fixture.Session, Bytes.Id(1), KeyStatus.Usable);
        VaultFixture.Try(fixture.Decryptor(new OutputCapabilities { Kind = SinkKind.Render })).Should().Be(DecryptStatus.Failed);
    }

    [Fact]
    public void Clock_is_read_once_for_a_fragment_and_key()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        fixture.Vault.Import(fixture.Session, Bytes.Id(2), Bytes.Key, new KeyPolicy());
        using IFragmentDecryptor fragment = fixture.Decryptor().LeaseFragment();
        for (int i = 0; i < 10; i++)
        {
            VaultFixture.Try(fragment, 1).Should().Be(DecryptStatus.Decrypted);
            VaultFixture.Try(fragment, 2).Should().Be(DecryptStatus.KeyNotUsable);
        }

        fixture.Clock.Reads.Should().Be(2);
    }

    [Fact]
    public void Fragment_takes_many_keys_and_notices_one_that_comes_meanwhile()
    {
        using VaultFixture fixture = new();
        using (IFragmentDecryptor fragment = fixture.Decryptor().LeaseFragment())
        {
            VaultFixture.Try(fragment, 5).Should().Be(DecryptStatus.KeyNotFound);
            for (int i = 0; i < 30; i++) fixture.Vault.Import(fixture.Session, Bytes.Id(i), Bytes.Random(16, i), VaultFixture.Export);
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < 30; i++) VaultFixture.Try(fragment, i, Bytes.Random(16, i)).Should().Be(DecryptStatus.Decrypted);
            fixture.Vault.Revoke(fixture.Session);
            fixture.Memory.Live.Should().Be(30);
        }

        fixture.Memory.ShouldBeCleanAfter(keys: 30);
    }

    [Theory]
    [InlineData(Acceleration.Auto, true)]
    [InlineData(Acceleration.Auto, false)]
    [InlineData(Acceleration.Portable, true)]
    [InlineData(Acceleration.Portable, false)]
    public void Keys_may_be_revoked_or_replaced_while_others_decrypt(Acceleration acceleration, bool revoke)
    {
        VaultFixture fixture = new(acceleration);
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        byte[] vector = Bytes.Random(16, 1);
        byte[] encrypted = Bytes.Random(3000, 2);
        byte[] expected = StandardSchemes.Decrypt(Bytes.Key, ProtectionScheme.Cbcs, vector, encrypted, [], 1, 9);
        SampleDecryptor decryptor = fixture.Decryptor();
        const int Fragments = 2000;
        int decrypted = 0;
        int wrong = 0;
        using ManualResetEventSlim over = new();

        Thread[] readers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            byte[] sample = new byte[encrypted.Length];
            for (int i = 0; i < Fragments; i++)
            {
                using IFragmentDecryptor fragment = decryptor.LeaseFragment();
                for (int j = 0; j < 3; j++)
                {
                    encrypted.CopyTo(sample, 0);
                    DecryptStatus status = SchemeTests.Decrypt(fragment, ProtectionScheme.Cbcs, vector, sample, [], 1, 9);
                    if (status == DecryptStatus.Decrypted) Interlocked.Increment(ref decrypted);
                    byte[] right = status == DecryptStatus.Decrypted ? expected : encrypted;
                    bool known = status == DecryptStatus.Decrypted || (revoke && status == DecryptStatus.KeyNotFound);
                    if (!known || !sample.AsSpan().SequenceEqual(right)) Interlocked.Increment(ref wrong);
                }
            }
        }))];
        Thread writer = new(() =>
        {
            while (!over.IsSet)
            {
                if (revoke) fixture.Vault.Revoke(fixture.Session, Bytes.Id(1));
                fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
            }
        });
        foreach (Thread thread in readers) thread.Start();
        writer.Start();
        foreach (Thread thread in readers) thread.Join();
        over.Set();
        writer.Join();

        wrong.Should().Be(0);
        if (!revoke) decrypted.Should().Be(3 * 3 * Fragments);
        fixture.Dispose();
        fixture.Memory.ShouldBeCleanAfter(fixture.Memory.Allocated);
    }

    [Fact]
    public void Leaked_fragment_lets_its_key_go_at_last()
    {
        VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), Bytes.Key, VaultFixture.Export);
        Leak(fixture);
        fixture.Dispose();
        for (int i = 0; i < 10 && fixture.Memory.Live != 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        fixture.Memory.ShouldBeCleanAfter(keys: 1);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Leak(VaultFixture fixture) => VaultFixture.Try(fixture.Decryptor().LeaseFragment());
    }

    private sealed class NativeDecryptor : ISessionDecryptor
    {
        CallRule ISessionCapability.Calls => CallRule.AnyThread;

        public DecryptStatus Answer { get; init; } = DecryptStatus.Decrypted;

        public int Calls { get; private set; }

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            Calls++;
            return Answer;
        }
    }
}
