namespace Keyway.Decryption;

/// <summary>NIST SP 800-38A, appendix F, AES-128.</summary>
public sealed class NistVectorTests
{
    private const string Key = "2b7e151628aed2a6abf7158809cf4f3c";

    private const string Plain =
        "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";

    // F.2.1, F.2.2
    private const string ChainedVector = "000102030405060708090a0b0c0d0e0f";
    private const string Chained =
        "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7";

    // F.5.1, F.5.2
    private const string CounterVector = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    private const string Counted =
        "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff 5ae4df3edbd5d35e5b4f09020db03eab 1e031dda2fbe03d1792170a0f3009cee";

    [Theory]
    [InlineData(ProtectionScheme.Cbc1, Acceleration.Auto)]
    [InlineData(ProtectionScheme.Cbc1, Acceleration.Portable)]
    [InlineData(ProtectionScheme.Cbcs, Acceleration.Auto)]
    [InlineData(ProtectionScheme.Cbcs, Acceleration.Portable)]
    public void Chained_blocks_are_decrypted(ProtectionScheme scheme, Acceleration acceleration) =>
        Decrypt(scheme, acceleration, ChainedVector, Chained).Should().Equal(Bytes.Hex(Plain));

    [Theory]
    [InlineData(ProtectionScheme.Cenc, Acceleration.Auto)]
    [InlineData(ProtectionScheme.Cenc, Acceleration.Portable)]
    [InlineData(ProtectionScheme.Cens, Acceleration.Auto)]
    [InlineData(ProtectionScheme.Cens, Acceleration.Portable)]
    public void Counted_blocks_are_decrypted(ProtectionScheme scheme, Acceleration acceleration) =>
        Decrypt(scheme, acceleration, CounterVector, Counted).Should().Equal(Bytes.Hex(Plain));

    [Fact]
    public void Reference_of_the_other_tests_meets_the_vectors_too()
    {
        StandardSchemes.Decrypt(Bytes.Hex(Key), ProtectionScheme.Cbcs, Bytes.Hex(ChainedVector), Bytes.Hex(Chained), [], 0, 0).Should().Equal(Bytes.Hex(Plain));
        StandardSchemes.Decrypt(Bytes.Hex(Key), ProtectionScheme.Cenc, Bytes.Hex(CounterVector), Bytes.Hex(Counted), [], 0, 0).Should().Equal(Bytes.Hex(Plain));
    }

    private static byte[] Decrypt(ProtectionScheme scheme, Acceleration acceleration, string vector, string encrypted)
    {
        using RawKeyRing ring = new(acceleration);
        ring.Add(Bytes.Id(1), Bytes.Hex(Key));
        byte[] sample = Bytes.Hex(encrypted);
        SampleProtection protection = new() { Scheme = scheme, KeyId = Bytes.Id(1), InitializationVector = Bytes.Hex(vector) };
        ring.CreateDecryptor().Decrypt(sample, protection).Should().Be(DecryptStatus.Decrypted);
        return sample;
    }
}
