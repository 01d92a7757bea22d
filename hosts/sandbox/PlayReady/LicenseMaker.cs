using System.Security.Cryptography;
using Point = Org.BouncyCastle.Math.EC.ECPoint;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Makes licences.</summary>
internal static class LicenseMaker
{
    private const int KeyLength = 16;
    private const int Ecc256 = 3;

    /// <summary>Makes a licence.</summary>
    /// <param name="terms">Its terms.</param>
    /// <param name="key">The content key and what it is for.</param>
    /// <param name="rightsId">The rights id.</param>
    /// <param name="deviceKey">The device's key to encrypt to, x and y.</param>
    /// <param name="now">The time.</param>
    /// <param name="oddities">What is to be unusual about it.</param>
    /// <returns>The licence.</returns>
    public static byte[] Make(LicenseTerms terms, WantedKey key, byte[] rightsId, byte[] deviceKey, DateTimeOffset now, Oddities oddities)
    {
        byte[] content = oddities.Flaw("content_key") ? RandomNumberGenerator.GetBytes(KeyLength) : key.Key;
        (byte[] integrityKey, Point message) = PointOf(content);
        byte[] wrapped = Curve.Wrap(Curve.Read(deviceKey)!, message, Curve.DrawScalar());
        byte[] named = oddities.Flaw("device_key") ? Other() : deviceKey;
        byte[] license = Xmr.License(
            oddities.Flaw("rights_id") ? RandomNumberGenerator.GetBytes(KeyLength) : rightsId,
            integrityKey,
            Containers(terms, oddities.Flaw("kid") ? Guid.NewGuid() : key.Kid, (int)key.Type, wrapped, named, now, oddities),
            oddities.Flaw("xmr_version") ? 9 : 3);
        CryptographicOperations.ZeroMemory(integrityKey);
        if (oddities.Flaw("mac")) license[^1] ^= 1;
        return license;
    }

    /// <summary>The containers of a licence.</summary>
    /// <param name="terms">Its terms.</param>
    /// <param name="kid">The key's identifier.</param>
    /// <param name="keyType">What the key is for.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <param name="deviceKey">The key to which it is wrapped.</param>
    /// <param name="now">The time.</param>
    /// <param name="oddities">What is to be unusual about it.</param>
    /// <returns>The containers.</returns>
    public static IReadOnlyList<byte[]> Containers(LicenseTerms terms, Guid kid, int keyType, byte[] wrapped, byte[] deviceKey, DateTimeOffset now, Oddities oddities)
    {
        byte[] contentKey = Xmr.Must(XmrType.ContentKey, new ByteWriter().Bytes(kid.ToByteArray(bigEndian: false))
            .U16(oddities.Flaw("key_type") ? 2 : keyType).U16(oddities.Flaw("cipher_type") ? 4 : Ecc256).U16(wrapped.Length).Bytes(wrapped));
        List<byte[]> material = [contentKey];
        if (!oddities.Flaw("no_device_key")) material.Add(Xmr.May(XmrType.DeviceKey, new ByteWriter().U16(1).U16(deviceKey.Length).Bytes(deviceKey)));

        List<byte[]> containers = [Xmr.Hold(XmrType.GlobalPolicy, Global(terms, now, oddities))];
        if (terms.MayPlay) containers.Add(Xmr.Hold(XmrType.PlaybackPolicy, Playback(terms)));
        containers.Add(Xmr.Hold(XmrType.KeyMaterial, material));
        if (oddities.Odd("order")) containers.Reverse();
        return containers;
    }

    /// <summary>Finds a point that carries a content key: its x is the integrity key and the content key.</summary>
    /// <param name="contentKey">The content key.</param>
    /// <returns>The integrity key, drawn until the curve has such a point, and the point.</returns>
    private static (byte[] IntegrityKey, Point Point) PointOf(byte[] contentKey)
    {
        while (true)
        {
            byte[] integrityKey = RandomNumberGenerator.GetBytes(KeyLength);
            if (Curve.AtX([.. integrityKey, .. contentKey]) is { } point) return (integrityKey, RandomNumberGenerator.GetInt32(2) == 0 ? point : point.Negate());
        }
    }

    private static List<byte[]> Global(LicenseTerms terms, DateTimeOffset now, Oddities oddities)
    {
        List<byte[]> objects = [];
        int rights = (terms.IsPersistent ? 0 : 1) | (oddities.Flaw("rights_bits") ? 0x4000 : 0);
        if (rights != 0) objects.Add(Xmr.Must(XmrType.Rights, new ByteWriter().U16(rights)));
        if (terms.BeginsAt(now) is not null || terms.EndsAt(now) is not null)
            objects.Add(Xmr.Must(XmrType.Expiration, new ByteWriter().U32(terms.BeginsAt(now) ?? 0).U32(terms.EndsAt(now) ?? uint.MaxValue)));
        if (terms.FirstPlay is { } firstPlay) objects.Add(Xmr.Must(XmrType.FirstPlay, new ByteWriter().U32(firstPlay)));
        objects.Add(Xmr.May(XmrType.IssueDate, new ByteWriter().U32(now.ToUnixTimeSeconds())));
        if (terms.Grace is { } grace) objects.Add(Xmr.May(XmrType.GracePeriod, new ByteWriter().U32(grace)));
        objects.Add(Xmr.May(XmrType.Embedding, new ByteWriter().U16(1)));
        if (terms.Revocation is { } revocation) objects.Add(Xmr.Must(XmrType.Revocation, new ByteWriter().U32(revocation)));
        objects.Add(Xmr.Must(XmrType.SecurityLevel, new ByteWriter().U16(terms.Level)));
        if (terms.Removal is { } removal) objects.Add(Xmr.May(XmrType.RemovalDate, new ByteWriter().U32(removal)));
        if (terms.IsRealTime) objects.Add(Xmr.Must(XmrType.RealTime, new ByteWriter()));
        if (oddities.Flaw("unknown_object")) objects.Add(Xmr.Must((XmrType)0x7F01, new ByteWriter().U32(0)));
        if (oddities.Odd("unknown_object")) objects.Add(Xmr.May((XmrType)0x7F02, new ByteWriter().U32(0)));
        return objects;
    }

    private static List<byte[]> Playback(LicenseTerms terms)
    {
        List<byte[]> objects = [];
        if (terms.Outputs.Any(level => level > 0))
        {
            ByteWriter levels = new();
            foreach (ushort level in terms.Outputs) levels.U16(level == 0 ? 100 : level);
            objects.Add(Xmr.Must(XmrType.OutputLevels, levels));
        }

        Restrict(XmrType.AnalogVideo, XmrType.AnalogVideoConfiguration, terms.Analog);
        Restrict(XmrType.DigitalAudio, XmrType.DigitalAudioConfiguration, terms.Audio);
        Restrict(XmrType.DigitalVideo, XmrType.DigitalVideoConfiguration, terms.Video);
        if (terms.Enablers.Count > 0)
            objects.Add(Xmr.Hold(XmrType.PlayEnablers, terms.Enablers.Select(enabler => Xmr.Must(XmrType.PlayEnabler, new ByteWriter().Bytes(enabler.ToByteArray(bigEndian: false))))));
        return objects;

        void Restrict(XmrType container, XmrType each, IReadOnlyList<Restriction> restrictions)
        {
            if (restrictions.Count == 0) return;
            objects.Add(Xmr.Hold(container, restrictions.Select(one => Xmr.Must(each, new ByteWriter().Bytes(one.Kind.ToByteArray(bigEndian: false)).Bytes(one.Data)))));
        }
    }

    private static byte[] Other()
    {
        using ECDsa other = PlayReadyKeys.Draw();
        return Curve.PublicOf(other);
    }
}
