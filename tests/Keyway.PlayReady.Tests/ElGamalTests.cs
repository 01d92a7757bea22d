using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady;

public sealed class ElGamalTests
{
    [Fact]
    public void Published_ciphertext_unwraps_and_wraps()
    {
        JsonNode vector = SharedVectors.Exchanges["crypto"]!["elgamal_p256"]!;
        TestKey key = TestKey.FromHex(vector.Text("private_d"));
        Convert.ToHexStringLower(key.PublicKey).Should().Be(vector.Text("public"));

        byte[] x = new byte[32];
        using ECDiffieHellman agreement = Agreement(key);
        ElGamal.TryUnwrap(agreement, vector.Hex("ciphertext_128"), x).Should().BeTrue();
        Convert.ToHexStringLower(x).Should().Be(vector.Text("integrity_key_ci") + vector.Text("content_key_ck"));

        byte[] wrapped = new byte[ElGamal.WrappedLength];
        using ECDiffieHellman ephemeral = Agreement(TestKey.FromHex(vector.Text("ephemeral_k")));
        ElGamal.TryWrap(ephemeral, vector.Hex("public"), vector.Hex("message_point"), wrapped).Should().BeTrue();
        Convert.ToHexStringLower(wrapped).Should().Be(vector.Text("ciphertext_128"));
    }

    [Fact]
    public void Unwrap_agrees_with_plain_arithmetic()
    {
        TestKey key = new();
        using ECDiffieHellman agreement = Agreement(key);
        for (int i = 0; i < 40; i++)
        {
            TestCurve.Point message = TestCurve.Multiply(TestCurve.RandomScalar(), TestCurve.G);
            byte[] x = new byte[32];
            ElGamal.TryUnwrap(agreement, TestCurve.Wrap(message, key.PublicKey), x).Should().BeTrue();
            x.Should().Equal(TestCurve.ToBytes(message.X));
        }
    }

    [Fact]
    public void Wrap_agrees_with_plain_arithmetic_and_is_fresh_each_time()
    {
        TestKey key = new();
        TestCurve.Point message = TestCurve.Multiply(TestCurve.RandomScalar(), TestCurve.G);
        HashSet<string> seen = [];
        for (int i = 0; i < 10; i++)
        {
            byte[] wrapped = new byte[ElGamal.WrappedLength];
            ElGamal.TryWrap(key.PublicKey, message.ToBytes(), wrapped).Should().BeTrue();
            TestCurve.Unwrap(key.Secret, wrapped).Should().Be(message);
            seen.Add(Convert.ToHexString(wrapped)).Should().BeTrue();
        }
    }

    [Fact]
    public void Small_multiples_and_their_opposites_unwrap()
    {
        TestKey key = new();
        using ECDiffieHellman agreement = Agreement(key);
        for (int k = 1; k <= 4; k++)
        {
            foreach (bool negated in (bool[])[false, true])
            {
                TestCurve.Point c1 = TestCurve.Multiply(k, TestCurve.G);
                if (negated) c1 = TestCurve.Negate(c1);
                TestCurve.Point shared = TestCurve.Multiply(key.Secret, c1);
                TestCurve.Point message = TestCurve.Multiply(77, TestCurve.G);
                byte[] x = new byte[32];
                bool opened = ElGamal.TryUnwrap(agreement, [.. c1.ToBytes(), .. TestCurve.Add(message, shared).ToBytes()], x);

                // −G has no second agreement; no one draws it, and a licence that has it was made to be refused.
                opened.Should().Be(!(negated && k == 1));
                if (opened) x.Should().Equal(TestCurve.ToBytes(message.X));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(129)]
    public void Other_lengths_are_refused(int length)
    {
        using ECDiffieHellman agreement = Agreement(new TestKey());
        ElGamal.TryUnwrap(agreement, new byte[length], new byte[32]).Should().BeFalse();
    }

    [Fact]
    public void Points_off_the_curve_are_refused()
    {
        TestKey key = new();
        using ECDiffieHellman agreement = Agreement(key);
        byte[] good = TestCurve.Wrap(TestCurve.Multiply(5, TestCurve.G), key.PublicKey);
        foreach (int at in (int[])[0, 31, 32, 63, 64, 95, 96, 127])
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            ElGamal.TryUnwrap(agreement, bad, new byte[32]).Should().BeFalse();
        }

        ElGamal.TryUnwrap(agreement, new byte[128], new byte[32]).Should().BeFalse();
        byte[] beyond = [.. TestCurve.ToBytes(TestCurve.P), .. good[32..]];
        ElGamal.TryUnwrap(agreement, beyond, new byte[32]).Should().BeFalse();
        ElGamal.TryWrap(new byte[64], good.AsSpan(0, 64), new byte[128]).Should().BeFalse();
    }

    private static ECDiffieHellman Agreement(TestKey key)
    {
        ECDiffieHellman agreement = ECDiffieHellman.Create();
        agreement.ImportPkcs8PrivateKey(key.Pkcs8(), out _);
        return agreement;
    }
}
