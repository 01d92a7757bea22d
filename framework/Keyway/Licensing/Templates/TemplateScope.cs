using Keyway.Licensing.Answers;
using Keyway.Licensing.Secrets;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Templates;

/// <summary>What all steps of one provider's pipeline share: what templates may name there, and what one step knows that others use.</summary>
/// <remarks>Threads: one while the pipeline is put together; any afterwards, when nothing of it changes.</remarks>
internal sealed class TemplateScope(ISecretReader secrets)
{
    /// <summary>How messages name what says which key systems are served.</summary>
    public string Owner { get; set; } = "the pipeline";

    public ISecretReader Secrets { get; } = secrets;

    public TemplateNames Names { get; set; } = new([]);

    /// <summary>What the host has set the pack's parameters to.</summary>
    public ParameterSettings Settings { get; set; } = ParameterSettings.None;

    /// <summary>The licence URLs of the provider's entry.</summary>
    public IConfigurationSection? Endpoints { get; init; }

    /// <summary>The probes that recognise a refusal of a licence request, by key system: a storefront often refuses in the same words.</summary>
    public Func<string, IReadOnlyList<ErrorProbe>>? Refusals { get; set; }

    /// <summary>Whether a licence URL may come with a token.</summary>
    public bool TokenBringsUrl { get; set; }

    /// <summary>Masks what the pipeline treats as secret.</summary>
    public Redactor Redactor { get; set; } = Redactor.Default;

    /// <summary>A scope for a look at a pack: nothing is read.</summary>
    public static TemplateScope ForPreview() => new(new NoSecrets());

    private sealed class NoSecrets : ISecretReader
    {
        public ValueTask<System.Buffers.IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => throw new SecretException(name, "a preview reads none");
    }
}
