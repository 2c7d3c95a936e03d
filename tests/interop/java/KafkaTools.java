import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Exit;

/**
 * Kafka's command line tools as they are, one after the other in one virtual machine: a test that
 * asks dozens of them need not wait for as many to start. A line of stdin is `CLASS TAB argument TAB
 * argument ...`; the answer is a line `STATUS LENGTH` and then so many bytes: what the tool printed
 * on both streams.
 */
public final class KafkaTools {
    /** What Exit.exit does here: the machine lives on. An Error, for tools catch exceptions. */
    private static final class Ended extends Error {
        private static final long serialVersionUID = 1;
        final int status;

        Ended(int status) {
            super("exit " + status, null, false, false);
            this.status = status;
        }
    }

    // Of the tool that runs: some catch what Exit.exit throws here and go on. What counts is what
    // they did up to its first call.
    private static ByteArrayOutputStream printed;
    private static Ended first;
    private static int printedAtFirst;

    private KafkaTools() {}

    public static void main(String[] args) throws IOException {
        PrintStream answers = System.out;
        PrintStream errors = System.err;
        Exit.setExitProcedure((status, message) -> end(status, message));
        Exit.setHaltProcedure((status, message) -> end(status, message));
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            printed = new ByteArrayOutputStream();
            first = null;
            PrintStream both = new PrintStream(printed, true, StandardCharsets.UTF_8);
            System.setOut(both);
            System.setErr(both);
            int status = run(line.split("\t", -1), both);
            both.flush();
            System.setOut(answers);
            System.setErr(errors);
            int size = first == null ? printed.size() : printedAtFirst;
            answers.print((first == null ? status : first.status) + " " + size + "\n");
            answers.write(printed.toByteArray(), 0, size);
            answers.flush();
        }
    }

    private static void end(int status, String message) {
        if (message != null) {
            System.err.println(message);
        }
        Ended ended = new Ended(status);
        if (first == null) {
            System.out.flush();
            System.err.flush();
            first = ended;
            printedAtFirst = printed.size();
        }
        throw ended;
    }

    private static int run(String[] words, PrintStream out) {
        String[] arguments = Arrays.copyOfRange(words, 1, words.length);
        try {
            Class.forName(words[0])
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) arguments);
            return 0;
        } catch (InvocationTargetException wrapped) {
            if (wrapped.getCause() instanceof Ended ended) {
                return ended.status;
            }
            wrapped.getCause().printStackTrace(out);
            return 1;
        } catch (ReflectiveOperationException missing) {
            missing.printStackTrace(out);
            return 1;
        }
    }
}
