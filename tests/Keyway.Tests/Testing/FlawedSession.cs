using System.Buffers;
using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>A session of <see cref="FlawedKeySystem"/>.</summary>
internal sealed class FlawedSession : ILicenseSession
{
    private readonly FlawedKeySystem _system;
    private readonly ISessionHost _host;
    private byte[] _nonce = [];
    private byte[]? _license;
    private ReadOnlySequence<byte> _kept;
    private bool _isDisposed;

    public FlawedSession(FlawedKeySystem system, SessionRequest request, ISessionHost host)
    {
        (_system, _host) = (system, host);
        if (request.Stored.IsEmpty) return;
        byte[] stored = request.Stored.ToArray();
        if (_system.Flaw == Flaw.SavedThrows && stored.Length < 100) throw new EndOfStreamException("short");
        _nonce = stored.Length < FlawedKeySystem.Nonce ? [] : stored[..FlawedKeySystem.Nonce];
        Take(stored);
    }

    private Flaw Flaw => _system.Flaw;

    private byte[] Expected
    {
        get => Flaw == Flaw.SessionsShare ? _system.SharedNonce ?? [] : _nonce;
        set
        {
            if (Flaw == Flaw.SessionsShare) _system.SharedNonce = value;
            else _nonce = value;
        }
    }

    public ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
    {
        if (header.System != FlawedKeySystem.System) return new(Flaw == Flaw.ForeignOfferTaken ? HeaderOutcome.Absorbed : HeaderOutcome.NotMine);
        if (Flaw == Flaw.OfferThrows) GC.KeepAlive(header.KeyIds[0]);
        return new(header.KeyIds.Any(FlawedKeySystem.Keys.ContainsKey) && _license is not null ? HeaderOutcome.Absorbed : HeaderOutcome.NotMine);
    }

    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && Flaw == Flaw.CancelledCallThrows) throw new InvalidOperationException("cancelled");
        cancellationToken.ThrowIfCancellationRequested();
        if (request.Kind is not (ChallengeKind.License or ChallengeKind.Renewal))
            throw Flaw == Flaw.ReleaseThrows ? new NotSupportedException("no releases") : new LicenseServiceException(LicenseErrorKind.BadChallenge, $"there is no {request.Kind} here");
        byte[] nonce = Flaw == Flaw.ChallengeRepeats ? new byte[FlawedKeySystem.Nonce] : RandomNumberGenerator.GetBytes(FlawedKeySystem.Nonce);
        Expected = nonce;
        destination.Write(nonce);
        if (Flaw == Flaw.ChallengeHoldsCredential) destination.Write(FlawedKeySystem.Credential);
        return new(new ChallengeInfo { Kind = Flaw == Flaw.ChallengeSaysNothing ? ChallengeKind.None : request.Kind });
    }

    public LicenseServiceException? ReadRefusal(LicenseAnswer answer) => Flaw switch
    {
        Flaw.RefusalInLicense => new LicenseServiceException(LicenseErrorKind.DeviceRevoked, "revoked"),
        Flaw.LookingThrows when answer.Body.Length < 4 => throw new InvalidDataException("too short"),
        _ => null,
    };

    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_license is not null && Flaw == Flaw.SecondAnswerThrows) throw new InvalidOperationException("there is a licence already");
        byte[] body = Flaw == Flaw.FirstPieceOnly ? answer.Body.FirstSpan.ToArray() : answer.Body.ToArray();
        Take(body);
        _kept = answer.Body;
        return new(LicenseOutcome.Complete);
    }

    public ValueTask<bool> SaveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (_license is null) return new(false);
        byte[] saved = Flaw == Flaw.AnswerKept ? _kept.ToArray() : _license;
        destination.Write(saved);
        return new(true);
    }

    public ValueTask DisposeAsync()
    {
        ObjectDisposedException.ThrowIf(_isDisposed && Flaw == Flaw.DisposedTwiceThrows, this);
        _isDisposed = true;
        return default;
    }

    private void Take(byte[] license)
    {
        const int nonce = FlawedKeySystem.Nonce, entry = FlawedKeySystem.Entry, mac = FlawedKeySystem.Mac;
        bool isSound = license.Length >= nonce + entry + mac && (license.Length - nonce - mac) % entry == 0;
        if (!isSound)
        {
            if (Flaw == Flaw.NoLicenseThrows) throw new InvalidDataException("no licence");
            if (Flaw == Flaw.NoLicenseTaken) return;
            if (Flaw != Flaw.CutTaken || license.Length < nonce + entry) throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, "its length is not that of a licence");
        }

        int end = Math.Max(license.Length - mac, nonce);
        if (Flaw == Flaw.ImportsFirst) Import(license, end);
        if (Flaw is not (Flaw.FlipTaken or Flaw.CutTaken) && !HMACSHA256.HashData(FlawedKeySystem.Credential, license.AsSpan(0, end)).AsSpan().SequenceEqual(license.AsSpan(end)))
        {
            string more = Flaw == Flaw.KeyInText ? Convert.ToHexString(license.AsSpan(nonce + 16, 16)) : "";
            throw new LicenseServiceException(LicenseErrorKind.LicenseNotAuthentic, $"its code is wrong {more}");
        }

        if (Flaw != Flaw.AnyChallenge && !license.AsSpan(0, nonce).SequenceEqual(Expected)) throw new LicenseServiceException(LicenseErrorKind.LicenseNotAuthentic, "it answers another challenge");
        if (_license is null && Flaw != Flaw.ImportsFirst) Import(license, end);
        _license = Flaw == Flaw.SavesLess ? Without(license) : license;
    }

    private void Import(byte[] license, int end)
    {
        KeyPolicy policy = new() { Output = new OutputRequirement { ClearExport = true } };
        for (int at = FlawedKeySystem.Nonce; at + FlawedKeySystem.Entry <= end; at += FlawedKeySystem.Entry)
        {
            bool isFirst = at == FlawedKeySystem.Nonce;
            if (isFirst && Flaw == Flaw.KeyMissing) continue;
            if (!KeyId.TryRead(license.AsSpan(at, 16), out KeyId id)) continue;
            byte[] key = license[(at + 16)..(at + 32)];
            if (isFirst && Flaw == Flaw.KeyOfOtherBytes) key[3] ^= 1;
            _host.Import(id, key, policy);
            if (isFirst && Flaw == Flaw.KeyTwice) _host.Import(id, key, policy);
            if (isFirst && Flaw == Flaw.KeyUnusable) _host.SetStatus(id, KeyStatus.InternalError);
            if (Flaw != Flaw.KeyStays) CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>A licence that lacks its first key, with a code that is right.</summary>
    private static byte[] Without(byte[] license)
    {
        byte[] rest = [.. license[..FlawedKeySystem.Nonce], .. license[(FlawedKeySystem.Nonce + FlawedKeySystem.Entry)..^FlawedKeySystem.Mac]];
        return [.. rest, .. HMACSHA256.HashData(FlawedKeySystem.Credential, rest)];
    }
}
