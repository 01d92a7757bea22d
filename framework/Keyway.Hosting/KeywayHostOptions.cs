using Keyway.Messaging;
using Keyway.Sessions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting;

/// <summary>What a host adds in code to what configuration says.</summary>
public sealed record KeywayHostOptions
{
    /// <summary>Where to log; <see langword="null"/>: nowhere.</summary>
    public ILoggerFactory? Logging { get; init; }

    /// <summary>The configuration that the section is of, so that mistakes and warnings name the layer that they stand in; <see langword="null"/>: they do not.</summary>
    public IConfigurationRoot? Configuration { get; init; }

    /// <summary>
    /// Whether the host reads its section again when the section says that it has changed (<see cref="KeywayHost.ReloadConfigurationAsync"/>): when it has been
    /// quiet for a quarter of a second.
    /// </summary>
    public bool WatchConfiguration { get; init; } = true;

    /// <summary>The clock that licences run by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Makes the bus for the transport <c>MessagePipe</c>, in a host that was built with the adapter: <c>_ =&gt; new MessagePipeBus(services)</c>.
    /// </summary>
    public Func<ILoggerFactory, IMessageBus>? MessagePipe { get; init; }

    /// <summary>
    /// The one key system that presentations of this host will ask for, by its name in configuration: plugins that it and the providers do not need are not
    /// loaded. A start costs less then. <see langword="null"/>: any.
    /// </summary>
    public string? KeySystem { get; init; }

    /// <summary>Another place for licences that outlive their session than the folder that configuration names. Ownership: the host's.</summary>
    public ILicenseStore? LicenseStore { get; init; }

    /// <summary>
    /// Another way to HTTP for licences and plugins. It must not follow redirects, keep cookies or decompress, and answers for the rule of addresses
    /// itself. Ownership: the host's. A client of <c>IHttpClientFactory</c> hands the values of all headers to loggers that log values at level Trace, tokens
    /// among them: make it with <c>RemoveAllLoggers()</c>, and with <see cref="Keyway.Licensing.Transport.HttpLicenseTransport.CreateHandler"/> as its primary handler.
    /// </summary>
    public HttpMessageInvoker? LicenseHttp { get; init; }

    /// <summary>Says whose turn it is to ask for a licence, where this host is one of several processes. Ownership: the host's.</summary>
    /// <value><see cref="LicenseCoordinator.InProcess"/>: it is alone.</value>
    public ILicenseCoordinator Coordinator { get; init; } = LicenseCoordinator.InProcess;

    /// <summary>
    /// Stands before every request for content, with the rules of addresses behind it: for budgets and measurements. It is given what sends, and returns what is to be called in its place.
    /// <see langword="null"/>: nothing does. Ownership of what it returns: the host's.
    /// </summary>
    public Func<HttpMessageInvoker, HttpMessageInvoker>? BeforeContent { get; init; }

    /// <summary>
    /// Another way to HTTP for content. It must not follow redirects, keep cookies or decompress, and answers for the rule of addresses itself
    /// (<see cref="Keyway.Sources.MediaSources.NamedByContentFrom"/>). Ownership: the host's.
    /// </summary>
    public HttpMessageInvoker? ContentHttp { get; init; }
}
