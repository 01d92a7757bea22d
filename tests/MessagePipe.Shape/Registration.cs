using MessagePipe;

namespace Microsoft.Extensions.DependencyInjection;

public static class MessagePipeShape
{
    // The method of the package stands in this namespace too, and returns a builder that the adapter does not use.
    public static IServiceCollection AddMessagePipe(this IServiceCollection services, Action<MessagePipeOptions> configure)
    {
        MessagePipeOptions options = new();
        configure(options);
        services.AddSingleton(options);
        services.AddSingleton(typeof(Broker<>));
        services.AddSingleton(typeof(AsyncBroker<>));
        services.AddSingleton(typeof(IPublisher<>), typeof(SharedBroker<>));
        services.AddSingleton(typeof(ISubscriber<>), typeof(SharedBroker<>));
        services.AddSingleton(typeof(IAsyncPublisher<>), typeof(SharedAsyncBroker<>));
        services.AddSingleton(typeof(IAsyncSubscriber<>), typeof(SharedAsyncBroker<>));
        return services;
    }
}
