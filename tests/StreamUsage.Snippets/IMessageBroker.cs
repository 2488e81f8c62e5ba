namespace StreamUsage.Snippets;

/// <summary>A store that the snippets write to.</summary>
public interface IMessageBroker
{
    ValueTask PublishAsync(string key, byte[] message, CancellationToken cancellationToken);
}
