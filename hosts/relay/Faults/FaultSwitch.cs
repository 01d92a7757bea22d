using System.Net;
using System.Text;
using Keyway.Relay.Story;

namespace Keyway.Relay.Faults;

/// <summary>Has the licence service of the bundled sample misbehave, so that people see what their player would see.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class FaultSwitch : IDisposable
{
    private const string None = "none";

    private readonly HttpClient _http = new();
    private readonly Uri _control;
    private readonly string _service;
    private readonly StoryLog _story;
    private string _active = None;

    /// <param name="control">Where the sandbox takes faults.</param>
    /// <param name="service">The path of the licence service that the sample is played with.</param>
    /// <param name="keySystem">Its key system.</param>
    /// <param name="story">Where it is told.</param>
    public FaultSwitch(Uri control, string service, string keySystem, StoryLog story)
    {
        (_control, _service, _story) = (control, service, story);
        Choices =
        [
            new(None, "as it should", "The licence service answers as it should.", ""),
            new("slow", "slow", "Each answer comes three seconds late.", "delay:3s"),
            new("error", "overloaded", "The first two requests after this get 503; the retry after that gets the licence.", $"status:503,times:2"),
            new("refuse", "refused", "Every request gets 403.", "status:403,body:this viewer has no subscription"),
            new("cut", "cut off", "Each answer ends in the middle.", "cut"),
            new("garbage", "not a licence", "Each answer is a page of a portal, and no licence.", "content-type:text/html,body:<html><body>Sign in to this network</body></html>"),
            // ClearKey has no time in its licences.
            .. keySystem.Equals("widevine", StringComparison.OrdinalIgnoreCase) ? [new FaultChoice("expire", "expires", "Licences last twenty seconds and may be renewed after ten.", "", "license_duration_seconds=20&can_renew=1&renewal_delay_seconds=10")] : Array.Empty<FaultChoice>(),
        ];
    }

    public IReadOnlyList<FaultChoice> Choices { get; }

    public string Active => Volatile.Read(ref _active);

    /// <summary>Switches.</summary>
    /// <returns><see langword="false"/>: there is no such fault.</returns>
    public async Task<bool> SwitchAsync(string name, CancellationToken cancellationToken)
    {
        if (Choices.FirstOrDefault(choice => choice.Name == name) is not { } choice) return false;
        using StringContent body = new(choice.Name == None ? "" : $"{_service}={choice.Parts}\n{(choice.Query.Length > 0 ? $"{_service}?{choice.Query}\n" : "")}", Encoding.UTF8, "text/plain");
        using HttpResponseMessage answer = await _http.PutAsync(_control, body, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.NoContent) throw new IOException($"the sandbox refused the fault: {(int)answer.StatusCode}");
        Volatile.Write(ref _active, name);
        _story.Add("fault", choice.Text, json => json.WriteString("fault", name), choice.Name == None ? StoryLevel.Info : StoryLevel.Warn);
        return true;
    }

    public void Dispose() => _http.Dispose();
}
