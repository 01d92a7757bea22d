using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary><c>timeout</c>: gives the rest of the pipeline a time to end in. Settings: <c>After</c> (10 s).</summary>
internal sealed class TimeoutStep : ILicenseMiddleware, ICallsNextOnce
{
    private readonly TimeLimit _limit;

    public TimeoutStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _limit = new TimeLimit(reader.Span("after", TimeSpan.FromMinutes(10)) ?? TimeSpan.FromSeconds(10), context.Clock);
        reader.Check();
    }

    public ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken) => _limit.RunAsync(
        static (call, token) => call.Next(call.Exchange, token), (Exchange: exchange, Next: next), static call => Origin.Of(call.Exchange.Request.Url).ToString(), cancellationToken);
}
