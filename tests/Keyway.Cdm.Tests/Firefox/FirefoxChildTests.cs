using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Keyway.Cdm.Conformance;
using Keyway.Cdm.Wire;
using Keyway.Decryption;

namespace Keyway.Cdm.Firefox;

/// <summary>The child with a real module, Firefox's, in the sandbox that a user's has: what it decrypts is what our own decryptor does.</summary>
public sealed class FirefoxChildTests
{
    private static readonly byte[] Kid = Convert.FromHexString("00112233445566778899aabbccddeeff");
    private static readonly byte[] Key = Convert.FromHexString("a0b1c2d3e4f5061728394a5b6c7d8e9f");

    private static KeyId Id => KeyId.TryRead(Kid, out KeyId id) ? id : throw new InvalidOperationException();

    private readonly Random _random = new(15);

    [Fact]
    public async Task Module_is_loaded_shut_in_and_initialised_and_takes_interface_11()
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.RealProgram, FirefoxModule.Needs);
        byte[] pin = SHA256.HashData(await File.ReadAllBytesAsync(FirefoxModule.Path, TestContext.Current.CancellationToken));
        LoadedModule loaded = await child.LoadAsync(FirefoxModule.Path, pin, sandboxRequired: true);
        loaded.Interface.Should().Be(11, "its manifest says 10");
        loaded.Version.Should().BeEmpty("it has no GetCdmVersion");
        loaded.Sandbox.Should().Contain("no new privileges").And.Contain("seccomp");
        await child.InitializeAsync();

        string session = await child.CreateSessionAsync(Encoding.UTF8.GetBytes($"{{\"kids\":[\"{Base64Url.EncodeToString(Kid)}\"]}}"), CdmInitDataType.KeyIds);
        string message = SlotTests.Read(await child.NextAsync(FrameType.SessionMessage), (ref FrameReader fields) =>
        {
            fields.Text().Should().Be(session);
            fields.U32().Should().Be((uint)CdmMessageType.LicenseRequest);
            return fields.Text();
        });
        message.Should().Contain(Base64Url.EncodeToString(Kid)).And.Contain("temporary");
        (await child.UpdateAsync(session, License(Kid, Key))).Type.Should().Be(FrameType.Resolved);
        SlotTests.Read(await child.NextAsync(FrameType.KeysChange), static (ref FrameReader fields) =>
            (fields.Text(), fields.Flag(), fields.U32(), Convert.ToHexStringLower(fields.Bytes(16)), (CdmKeyStatus)fields.U32(), fields.U32()))
            .Should().Be((session, true, 1u, Convert.ToHexStringLower(Kid), CdmKeyStatus.Usable, 0u));

        (await child.DecryptAsync(0, CdmScheme.Cenc, new byte[16], (0, 0), new BatchItem(new byte[100], new byte[8]))).Status.Should().Be(CdmStatus.NoKey);
        (await child.SessionCallAsync(FrameType.CloseSession, session)).Type.Should().Be(FrameType.Resolved);
        (await child.IrregularitiesAsync()).Should().BeEmpty();
        child.Send(FrameType.End, 0);
        (await child.ExitAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData(ProtectionScheme.Cenc, 0, 0, 8)]
    [InlineData(ProtectionScheme.Cenc, 0, 0, 16)]
    [InlineData(ProtectionScheme.Cbcs, 1, 9, 16)]
    [InlineData(ProtectionScheme.Cbcs, 0, 0, 16)]
    [InlineData(ProtectionScheme.Cbcs, 1, 0, 16)]
    [InlineData(ProtectionScheme.Cbcs, 10, 0, 16)]
    [InlineData(ProtectionScheme.Cbcs, 5, 5, 16)]
    public async Task Samples_of_every_size_pattern_and_map_become_what_our_own_decryptor_makes_of_them(ProtectionScheme scheme, byte crypt, byte skip, int vectorLength)
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        await using ChildUnderTest child = await OpenAsync();
        using RawKeyRing ring = new();
        ring.Add(Id, Key);
        SampleDecryptor own = ring.CreateDecryptor();
        for (int round = 0; round < 20; round++)
        {
            BatchItem[] items = [.. Enumerable.Range(0, 32).Select(_ => Random(scheme, vectorLength))];
            BatchAnswered answered = await child.DecryptAsync(round % 2, scheme == ProtectionScheme.Cenc ? CdmScheme.Cenc : CdmScheme.Cbcs, Kid, (crypt, skip), items);
            answered.Status.Should().Be(CdmStatus.Success);
            for (int i = 0; i < items.Length; i++)
            {
                byte[] expected = [.. items[i].Data];
                own.Decrypt(expected, new SampleProtection
                {
                    Scheme = scheme,
                    KeyId = Id,
                    InitializationVector = items[i].Vector,
                    Subsamples = [.. items[i].Subsamples.Select(part => new Subsample { ClearBytes = part.Clear, ProtectedBytes = part.Protected })],
                    CryptBlocks = crypt,
                    SkipBlocks = skip,
                }).Should().Be(DecryptStatus.Decrypted);
                answered.Clear[i].Should().Equal(expected, "sample {0} of round {1}", i, round);
            }
        }
    }

    [Theory]
    [InlineData("00000000fffffffe")]
    [InlineData("ffffffffffffffff")]
    [InlineData("fffffffffffffff0")]
    [InlineData("456789abffffffff")]
    public async Task Counter_that_leaves_32_or_64_bits_within_a_sample_counts_on_as_the_standard_says(string lower)
    {
        // By itself the module would begin again at 32 bits, and call it a success.
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        await using ChildUnderTest child = await OpenAsync();
        using RawKeyRing ring = new();
        ring.Add(Id, Key);
        SampleDecryptor own = ring.CreateDecryptor();
        byte[] vector = [0x5a, 1, 2, 3, 4, 5, 6, 7, .. Convert.FromHexString(lower)];
        BatchItem[] items = [.. Enumerable.Range(0, 64).Select(_ => Random(ProtectionScheme.Cenc, 16) with { Vector = vector })];
        BatchAnswered answered = await child.DecryptAsync(0, CdmScheme.Cenc, Kid, (0, 0), items);
        answered.Status.Should().Be(CdmStatus.Success);
        for (int i = 0; i < items.Length; i++)
        {
            byte[] expected = [.. items[i].Data];
            own.Decrypt(expected, new SampleProtection
            {
                Scheme = ProtectionScheme.Cenc,
                KeyId = Id,
                InitializationVector = vector,
                Subsamples = [.. items[i].Subsamples.Select(part => new Subsample { ClearBytes = part.Clear, ProtectedBytes = part.Protected })],
            }).Should().Be(DecryptStatus.Decrypted);
            answered.Clear[i].Should().Equal(expected, "sample {0}: {1}", i, string.Join(' ', items[i].Subsamples));
        }
    }

    [Fact]
    public async Task Sample_of_many_megabytes_is_decrypted_after_the_memory_has_grown()
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        await using ChildUnderTest child = await OpenAsync();
        await child.GrowAsync(ArenaLayout.FirstRegion * 2);
        byte[] sample = new byte[(ArenaLayout.FirstRegion * 2) - 5];
        _random.NextBytes(sample);
        using RawKeyRing ring = new();
        ring.Add(Id, Key);
        byte[] expected = [.. sample];
        ring.CreateDecryptor().Decrypt(expected, new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = Id, InitializationVector = new byte[8] });
        BatchAnswered answered = await child.DecryptAsync(1, CdmScheme.Cenc, Kid, (0, 0), new BatchItem(sample, new byte[8]));
        answered.Status.Should().Be(CdmStatus.Success);
        answered.Clear[0].AsSpan().SequenceEqual(expected).Should().BeTrue();
    }

    internal static string License(byte[] kid, byte[] key) =>
        $"{{\"keys\":[{{\"kty\":\"oct\",\"kid\":\"{Base64Url.EncodeToString(kid)}\",\"k\":\"{Base64Url.EncodeToString(key)}\"}}],\"type\":\"temporary\"}}";

    private static async Task<ChildUnderTest> OpenAsync()
    {
        ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.RealProgram, FirefoxModule.Needs);
        await child.LoadAsync(FirefoxModule.Path);
        await child.InitializeAsync();
        string session = await child.CreateSessionAsync(Encoding.UTF8.GetBytes($"{{\"kids\":[\"{Base64Url.EncodeToString(Kid)}\"]}}"), CdmInitDataType.KeyIds);
        (await child.UpdateAsync(session, License(Kid, Key))).Type.Should().Be(FrameType.Resolved);
        return child;
    }

    private BatchItem Random(ProtectionScheme scheme, int vectorLength)
    {
        byte[] data = new byte[_random.Next(1, 5000)], vector = new byte[vectorLength];
        _random.NextBytes(data);
        _random.NextBytes(vector);
        List<(uint, uint)> parts = [];
        if (_random.Next(3) > 0)
        {
            for (int left = data.Length; left > 0;)
            {
                int clear = _random.Next(0, Math.Min(left, 200) + 1), cipher = _random.Next(0, left - clear + 1);
                if (clear + cipher == 0) continue;
                parts.Add(((uint)clear, (uint)cipher));
                left -= clear + cipher;
            }
        }

        return new BatchItem(data, vector, [.. parts]) { Gap = _random.Next(0, 40) };
    }
}
