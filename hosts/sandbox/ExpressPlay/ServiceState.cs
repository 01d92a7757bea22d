using System.Text.Json;
using System.Text.Json.Serialization;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What the service keeps between two starts: accounts, the secret of its tokens, and the log of redemptions. One file of the data folder.</summary>
internal sealed class ServiceState
{
    /// <summary>The file.</summary>
    public const string File = "expressplay.json";

    private const int MostRedemptions = 1024;

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly Lock _lock = new();
    private readonly DataFolder _data;
    private readonly Dictionary<string, Account> _accounts;
    private readonly List<Redemption> _redemptions;
    private readonly Dictionary<string, int> _counts;
    private readonly byte[] _secret;
    private long _next;

    private ServiceState(DataFolder data, Content content, ServiceOptions options)
    {
        _data = data;
        _secret = content.Secret;
        _accounts = content.Accounts.ToDictionary(account => account.Name, StringComparer.Ordinal);
        _redemptions = [.. content.Redemptions];
        _next = _redemptions.Count == 0 ? 1 : _redemptions.Max(one => one.Id) + 1;
        _counts = _redemptions.GroupBy(one => one.Token, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Max(one => one.Count), StringComparer.Ordinal);
        Seal = new TokenSeal(_secret);
        foreach (World world in Enum.GetValues<World>())
        {
            Account account = _accounts.Values.First(one => one.World == world);
            _accounts[account.Name] = account with { Authenticator = options.AuthenticatorOf(world) ?? account.Authenticator, Credits = options.Credits ?? account.Credits };
        }
    }

    /// <summary>Makes and opens tokens.</summary>
    public TokenSeal Seal { get; }

    /// <summary>Reads the file, or makes it.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="options">What the command line says.</param>
    /// <returns>The state.</returns>
    /// <exception cref="SandboxException">The file is of another form, cannot be read or cannot be made.</exception>
    public static ServiceState Load(DataFolder data, ServiceOptions options)
    {
        (string path, byte[] file) = data.ReadOrCreate(File, Make);
        try
        {
            Content content = JsonSerializer.Deserialize<Content>(file, Format) ?? throw new FormatException("it is empty");
            if (content.Secret.Length < 16) throw new FormatException("the secret is too short");
            if (content.Accounts.FirstOrDefault(account => !Account.IsAuthenticator(account.Authenticator)) is { } wrong)
                throw new FormatException($"the authenticator of the account '{wrong.Name}' is not a number, a comma and 32 hexadecimal digits");
            foreach (World world in Enum.GetValues<World>())
                if (!content.Accounts.Any(account => account.World == world)) throw new FormatException($"there is no account of the world '{world}'");
            return new ServiceState(data, content, options);
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw new SandboxException($"{path}: not a file of this sandbox ({e.Message}). Remove it, and a new one is made; authenticators and tokens of the old one end with it.", e);
        }
    }

    /// <summary>The account that a storefront of this sandbox uses.</summary>
    /// <param name="world">The world.</param>
    /// <returns>The first account of it.</returns>
    public Account Storefront(World world)
    {
        lock (_lock) return _accounts.Values.First(account => account.World == world);
    }

    /// <summary>Finds the account of an authenticator, in whatever world.</summary>
    /// <param name="authenticator">The authenticator.</param>
    /// <returns>The account, or <see langword="null"/>.</returns>
    public Account? Find(string authenticator)
    {
        lock (_lock) return _accounts.Values.FirstOrDefault(account => account.Authenticator == authenticator);
    }

    /// <summary>Begins a redemption: counts it and takes its credit.</summary>
    /// <param name="token">The token's name.</param>
    /// <param name="grant">What it stands for.</param>
    /// <returns>How often the token has been redeemed, with this.</returns>
    /// <exception cref="ServiceException">It has been redeemed as often as it may be, or there is no credit left.</exception>
    public int Take(string token, TokenGrant grant)
    {
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(token);
            if (count >= grant.MaxRedemptions) throw new ServiceException(ErrorCodes.Token, "the token has been redeemed as often as it may be");
            Account? account = _accounts.GetValueOrDefault(grant.Account);
            if (account?.Credits <= 0) throw new ServiceException(ErrorCodes.Credits);
            _counts[token] = count + 1;
            if (account?.Credits is { } credits) _accounts[account.Name] = account with { Credits = credits - 1 };
            return count + 1;
        }
    }

    /// <summary>Undoes <see cref="Take"/>: there was no licence.</summary>
    /// <param name="token">The token's name.</param>
    /// <param name="grant">What it stands for.</param>
    public void GiveBack(string token, TokenGrant grant)
    {
        lock (_lock)
        {
            _counts[token]--;
            if (_accounts.GetValueOrDefault(grant.Account) is { Credits: { } credits } account) _accounts[account.Name] = account with { Credits = credits + 1 };
        }
    }

    /// <summary>Writes an event into the log.</summary>
    /// <param name="token">The token's name.</param>
    /// <param name="grant">What it stands for.</param>
    /// <param name="count">How often the token has been redeemed, with this; <see langword="null"/>: this was no redemption.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="device">The device.</param>
    /// <param name="ip">From where.</param>
    public void Record(string token, TokenGrant grant, int? count, string outcome, DateTimeOffset now, string? device, string? ip)
    {
        lock (_lock)
        {
            _redemptions.Add(new Redemption
            {
                Id = _next++,
                Time = now,
                World = grant.World,
                System = grant.System,
                Account = grant.Account,
                Token = token,
                Count = count ?? _counts.GetValueOrDefault(token),
                Outcome = outcome,
                Cookie = grant.Cookie,
                Device = device,
                Ip = ip,
            });
            if (_redemptions.Count > MostRedemptions) _redemptions.RemoveRange(0, _redemptions.Count - MostRedemptions);
            _data.Replace(File, JsonSerializer.SerializeToUtf8Bytes(new Content { Secret = _secret, Accounts = [.. _accounts.Values], Redemptions = _redemptions }, Format));
        }
    }

    /// <summary>The log.</summary>
    /// <returns>The events, oldest first.</returns>
    public IReadOnlyList<Redemption> Redemptions()
    {
        lock (_lock) return [.. _redemptions];
    }

    private static byte[] Make()
    {
        // One account for each reason for which an account is refused, beside the two that work.
        Content content = new()
        {
            Secret = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32),
            Accounts =
            [
                Draw("test", World.Test),
                Draw("production", World.Production),
                Draw("test-without-credits", World.Test) with { Credits = 0 },
                Draw("test-disabled", World.Test) with { IsEnabled = false },
                Draw("test-without-widevine", World.Test) with { HasWidevine = false },
                Draw("test-without-playready", World.Test) with { HasPlayReady = false },
            ],
        };
        return JsonSerializer.SerializeToUtf8Bytes(content, Format);

        static Account Draw(string name, World world) => new() { Name = name, World = world, Authenticator = Account.DrawAuthenticator() };
    }

    private sealed class Content
    {
        public required byte[] Secret { get; init; }

        public required IReadOnlyList<Account> Accounts { get; init; }

        public IReadOnlyList<Redemption> Redemptions { get; init; } = [];
    }
}
